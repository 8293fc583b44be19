// What was asked and what was found: the headline, a gauge for each objective, how to repeat it.
function overview(study) {
  const { data, front, knee } = study;
  const feasible = data.evaluations.filter((each) => each.feasible).length;
  const stuck = data.evaluations.filter((each) => !each.figures).length;
  const over = data.evaluations.length - feasible - stuck;
  const sentences = [
    `Of ${plural(data.evaluations.length, "design")}, ${front.length} ${front.length === 1 ? "is" : "are"} on the front:`,
    "no other design found is better in one of",
    `${listed(data.objectives)} without being worse in another.`,
    over ? `${digits(over, 9)} broke a limit.` : "",
    stuck ? `${digits(stuck, 9)} cannot run.` : "",
  ];
  return element("div", { class: "overview" },
    element("p", { class: "eyebrow" }, "Exploration"),
    element("h1", {}, data.models.join(" + ")),
    element("p", { class: "lead" }, sentences.filter(Boolean).join(" ")),
    front.length ? element("div", { class: "gauges" }, data.objectives.map((name) => gauge(study, name)))
      : element("p", { class: "lead warning" }, "No design keeps every limit, so there is no front."),
    knee && element("p", { class: "note" }, "Marked: the ", element("a", { href: address(knee.id) }, `knee, ${knee.id}`),
      ", the balanced design: farthest from the line between the extremes. Each tick is a design of the front."),
    facts(data),
    front.length > 0 && frontSection(study), front.length > 0 && frontTable(study), parallelSection(study), convergenceSection(study), spaceSection(data));
}

const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

function gauge({ front, knee }, name) {
  const values = front.map((each) => each.figures[name]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const best = knee ? knee.figures[name] : low;
  const drawn = figure(`${name} of the front: ${show(low, name)} to ${show(high, name)}`, (width) => {
    const at = scale(values, 6, width - 6, high > 5 * low && low > 0, 0);
    return canvas(width, 34, name,
      element("line", { x1: 6, x2: width - 6, y1: 22, y2: 22, class: "base" }),
      values.map((value) => element("line", { x1: at(value), x2: at(value), y1: 14, y2: 22, class: "tick" })),
      knee && element("path", { d: `M${at(best)} 21l-6 -11h12z`, class: "accent-fill" }));
  });
  return element("div", { class: "gauge" },
    element("span", { class: "gauge-name" }, name),
    element("strong", {}, show(best, name)), drawn,
    element("span", { class: "ends" }, element("span", {}, show(low, name)), element("span", {}, show(high, name))));
}

function facts(data) {
  const seconds = data.elapsed ?? data.evaluations.at(-1)?.elapsed;
  const command = data.command || reproduce(data);
  const copy = element("button", { type: "button", class: "quiet", onclick: () => {
    navigator.clipboard?.writeText(command).then(() => { copy.textContent = "copied"; }, () => {});
  } }, "copy");
  return element("div", { class: "facts" },
    definitions([["evaluations", digits(data.evaluations.length, 9)], ["within limits", digits(data.evaluations.filter((each) => each.feasible).length, 9)],
      ["limits", data.limits.map(limitText).join(", ")], ["optimiser", data.optimiser], ["seed", String(data.seed)],
      ["time", seconds ? duration(seconds) : null], ["formats", data.formats], ["version", data.version]]),
    element("div", { class: "command" }, element("code", {}, command), copy));
}

const limitText = (limit) => (typeof limit === "string" ? limit : `${limit.figure} ≤ ${show(limit.most, limit.figure)}`);
const quoted = (word) => (/^[\w.,:=@/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function reproduce(data) {
  return ["cosynth explore", ...data.models.map(quoted), "--minimize", quoted(data.objectives.join(",")),
    ...data.limits.map((limit) => `--limit ${quoted(limitText(limit).replace("≤", "<=").replace("\u00a0", " "))}`),
    `--budget ${data.evaluations.length}`, `--seed ${data.seed}`].join(" ");
}

function duration(seconds) {
  if (seconds < 60) return show(seconds, "time");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function spaceSection(data) {
  const parameters = Array.isArray(data.space) ? data.space : data.space?.parameters || [];
  if (!parameters.length) return null;
  const rows = parameters.map((each) => ({ name: each.name, doc: each.doc || "",
    range: each.values ? each.values.map((value) => parameterText(each, value)).join(", ")
      : `${parameterText(each, each.low)} to ${parameterText(each, each.high)}` + (each.kind === "power" ? ", doubling" : "") }));
  return section("What could be chosen", null, table("The space that was searched", [
    { title: "parameter", value: (row) => row.name }, { title: "values", value: (row) => row.range },
    { title: "meaning", value: (row) => row.doc }], rows));
}

// A parameter's value: by its dimension where it has one.
function parameterText(parameter, value) {
  if (typeof value !== "number") return plain(value);
  if (parameter?.dimension) return show(value, parameter.dimension);
  return /bandwidth/.test(parameter?.name || "") && value > 1e6 ? show(value, "bandwidth") : plain(value);
}

const address = (id, more = {}) => "#" + new URLSearchParams({ design: id, ...more });
