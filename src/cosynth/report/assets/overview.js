// What was asked and what was found: the headline, a gauge for each objective, how to repeat it.
function overview(study) {
  const { data, front, knee } = study;
  const feasible = data.evaluations.filter((each) => each.feasible).length;
  const stuck = data.evaluations.filter((each) => !each.figures).length;
  const over = data.evaluations.length - feasible - stuck;
  const lead = [
    `Of ${plural(data.evaluations.length, "design")}, ${front.length} ${front.length === 1 ? "is" : "are"} on the front: no other design found is better in one of ${listed(data.objectives)} without being worse in another.`,
    over && ` ${digits(over, 9)} broke a limit.`,
    stuck && ` ${digits(stuck, 9)} cannot run.`,
  ];
  return tag("div.overview",
    tag("p.eyebrow", "Exploration"),
    tag("h1", data.models.join(" + ")),
    tag("p.lead", lead.filter(Boolean)),
    front.length ? tag("div.gauges", data.objectives.map((name) => gauge(study, name)))
      : tag("p.lead.warning", "No design keeps every limit, so there is no front."),
    knee && tag("p.note", "The figures are those of the knee, ", tag("a", { href: address(knee.id) }, knee.id),
      ", the most balanced design. Each tick is a design of the front."),
    facts(data),
    stuck < data.evaluations.length && frontSection(study), front.length > 0 && frontTable(study), verifiedSection(study), parallelSection(study), convergenceSection(study));
}

const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

function gauge({ front, knee }, name) {
  const values = front.map((each) => each.figures[name]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const best = knee ? knee.figures[name] : low;
  const drawn = figure(`${name} of the front: ${show(low, name)} to ${show(high, name)}`, (width) => {
    const at = scale(values, 6, width - 6, high > 5 * low && low > 0, 0);
    return canvas(width, 34, name,
      tag("line", { x1: 6, x2: width - 6, y1: 22, y2: 22, class: "base" }),
      values.map((value) => tag("line", { x1: at(value), x2: at(value), y1: 14, y2: 22, class: "tick" })),
      knee && tag("path", { d: `M${at(best)} 21l-6 -11h12z`, class: "accent-fill" }));
  });
  return tag("div.gauge",
    tag("span.gauge-name", name),
    tag("strong", show(best, name)), drawn,
    tag("span.ends", tag("span", show(low, name)), tag("span", show(high, name))));
}

function facts(data) {
  return tag("div.facts",
    definitions([["within limits", digits(data.evaluations.filter((each) => each.feasible).length, 9)],
      ["limits", data.limits.map((limit) => limit.text.replace("<=", "≤")).join(", ")], ["optimiser", data.optimiser], ["seed", String(data.seed)],
      ["time", duration(data.elapsed)], ["formats", data.formats], ["version", data.version]]),
    tag("p.command", tag("code", { tabindex: 0 }, data.command || reproduce(data))));
}

const quoted = (word) => (/^[\w.,:=@/+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

// The limit as the command line reads it, to its last digit.
function limitOption({ figure, most }) {
  const { unit, factor } = unitFor(most, figure);
  return quoted(`${figure}=${Number((most / factor).toPrecision(12))}${figure === "edp" ? "" : unit.replace("²", "2")}`);
}

function reproduce(data) {
  return ["cosynth explore", ...data.models.map(quoted), "--minimize", quoted(data.objectives.join(",")),
    ...data.limits.map((limit) => `--limit ${limitOption(limit)}`), "--format", quoted(data.formats),
    `--budget ${data.evaluations.length} --optimizer ${quoted(data.optimiser)} --seed ${data.seed} --out out`].join(" ");
}

function duration(seconds) {
  if (seconds < 120) return show(seconds, "time");
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// A parameter's value: by its dimension where it has one.
function parameterText(parameter, value) {
  if (typeof value !== "number") return plain(value);
  if (parameter?.dimension in UNITS) return show(value, parameter.dimension);
  return /bandwidth/.test(parameter?.name || "") && value > 1e6 ? show(value, "bandwidth") : plain(value);
}

const address = (id, more = {}) => "#" + new URLSearchParams({ design: id, ...more });
