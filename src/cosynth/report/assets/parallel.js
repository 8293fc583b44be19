// Parallel coordinates: one axis for each parameter and objective; a range on an axis filters everything.
function parallelSection(study) {
  const list = [...study.parameterNames.map((name) => parameterAxis(study, name)), ...study.data.objectives.map((name) => figureAxis(study, name))]
    .filter((axis) => axis.values.length > 1);
  if (list.length < 2) return null;
  study.axes = list;
  const plot = figure("Parameters and objectives of all designs", (width) => parallels(study, list, width), { class: "figure scroll" });
  const state = tag("p.note", { role: "status" });
  const clear = tag("button", { type: "button", class: "quiet", onclick: () => study.filter(null) }, "clear");
  const inputs = tag("div.filters", list.map((axis) => filterInputs(study, axis)));
  study.onFilter(() => {
    plot.redraw();
    const passing = study.data.evaluations.filter((each) => study.passes(each)).length;
    const onFront = study.front.filter((each) => study.passes(each.evaluation)).length;
    clear.hidden = !study.filters.size;
    state.textContent = study.filters.size ? `${plural(passing, "design")} left, ${onFront} of them on the front.` : "Drag along an axis to keep a range; the plots and the table above follow.";
  });
  return section("Parameters and objectives", null, tag("div.controls", state, clear), plot,
    tag("details", tag("summary", "Filter by typing"), inputs));
}

function parameterAxis(study, name) {
  const parameter = study.parameter(name);
  const found = [...new Set(study.data.evaluations.map((each) => each.point[name]).filter((value) => value !== undefined && value !== null))];
  const known = parameter?.values || [];
  found.sort((a, b) => (known.includes(a) && known.includes(b) ? known.indexOf(a) - known.indexOf(b) : compare(a, b)));
  const value = (each) => each.point[name];
  if (found.length > 24 && found.every((each) => typeof each === "number")) return numberAxis(name, value, found, parameter?.dimension, parameter?.scale === "log");
  const index = new Map(found.map((each, at) => [each, at]));
  return { name: name.replaceAll("_", " "), value, values: found, share: (each) => (index.get(each) + 0.5) / found.length, spread: 0.4 / found.length,
    marks: found.length <= 12 ? found.map((each, at) => [(at + 0.5) / found.length, parameterText(parameter, each)]) : [[0.02, parameterText(parameter, found[0])], [0.98, parameterText(parameter, found.at(-1))]],
    show: (each) => parameterText(parameter, each), half: 0.5 / found.length };
}

const figureAxis = (study, name) => numberAxis(name, (each) => each.figures?.[name],
  study.data.evaluations.map((each) => each.figures?.[name]).filter(Number.isFinite), name, true);

function numberAxis(name, value, values, kind, log) {
  if (!values.length) return { name, values };
  const at = scale(values, 0, 1, log && values.every((each) => each > 0), 0);
  const { unit, factor } = unitOf(values, kind);
  return { name: axisTitle(name, unit), value, values, share: at, back: at.back, spread: 0, half: 1e-9, number: true, factor,
    marks: ticks(Object.assign(at, {}), factor, 6).map((tick) => [at(tick * factor), digits(tick)]) };
}

function parallels(study, list, width) {
  const wide = Math.max(width, list.length * 72);
  const [height, top, bottom] = [340, 40, 322];
  const step = (wide - 96) / (list.length - 1);
  const x = (at) => 40 + at * step;
  const y = (share) => bottom - share * (bottom - top);
  const path = (each) => {
    let drawn = "";
    list.forEach((axis, at) => {
      const value = axis.value(each);
      if (value === undefined || value === null) return;
      const jitter = (((each.number * 0.618034) % 1) - 0.5) * axis.spread;
      drawn += `${drawn ? "L" : "M"}${x(at).toFixed(1)} ${y(axis.share(value) + jitter).toFixed(1)}`;
    });
    return drawn;
  };
  const passing = study.data.evaluations.filter((each) => study.passes(each));
  const faint = passing.filter((each) => !each.design && each.figures);
  const svg = canvas(wide, height, "Parallel coordinates",
    tag("path", { d: faint.filter((each) => each.feasible).map(path).join(""), class: "strand" }),
    passing.filter((each) => each.design).map((each) => tag("path", {
      d: path(each), class: each.design === study.knee ? "strand front knee" : "strand front",
      onclick: () => { location.hash = address(each.design.id); } }, tag("title_", each.design.id))));
  list.forEach((axis, at) => svg.append(brushed(study, axis, x(at), step, y, [top, bottom])));
  return svg;
}

function brushed(study, axis, x, step, y, [top, bottom]) {
  const short = axis.name.length * 6.2 > step + 8 ? `${axis.name.slice(0, Math.floor(step / 6.2))}…` : axis.name;
  const range = study.filters.get(axis);
  const box = tag("rect", { x: x - 7, width: 14, y: range ? y(range[1]) : 0, height: range ? Math.max(2, y(range[0]) - y(range[1])) : 0, class: "brush" });
  const zone = tag("rect", { x: x - step / 3, width: step / 1.5, y: top - 6, height: bottom - top + 12, class: "zone" });
  const share = (event) => {
    const frame = zone.ownerSVGElement.getBoundingClientRect();
    return Math.max(0, Math.min(1, (bottom - (event.clientY - frame.top)) / (bottom - top)));
  };
  let from = null;
  zone.addEventListener("pointerdown", (event) => {
    from = share(event);
    zone.setPointerCapture(event.pointerId);
  });
  zone.addEventListener("pointermove", (event) => {
    if (from === null) return;
    const ends = [from, share(event)].sort((a, b) => a - b);
    box.setAttribute("y", y(ends[1]));
    box.setAttribute("height", y(ends[0]) - y(ends[1]));
  });
  zone.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const ends = [from, share(event)].sort((a, b) => a - b);
    from = null;
    study.filter(axis, ends[1] - ends[0] < 0.01 ? null : ends);
  });
  return tag("g", { class: range ? "parallel filtered" : "parallel" },
    tag("line", { x1: x, x2: x, y1: top, y2: bottom }),
    text(x, top - 18, short, { "text-anchor": "middle", class: "axis-title" }, axis.name),
    axis.marks.map(([share, label]) => text(x + 5, y(share) + 3.5, label.length > 12 ? `${label.slice(0, 11)}…` : label, { class: "mark" })), box, zone);
}

// The same ranges by keyboard.
function filterInputs(study, axis) {
  const inputs = ["from", "to"].map((end) => {
    const attributes = { "aria-label": `${axis.name} ${end}`, onchange: change };
    if (axis.number) return tag("input", { type: "number", step: "any", placeholder: end, ...attributes });
    return tag("select", attributes, tag("option", { value: "" }, end), axis.values.map((value, at) => tag("option", { value: at }, axis.show(value))));
  });
  function change() {
    const [low, high] = inputs.map(({ value }) => (value === "" ? null : axis.share(axis.number ? value * axis.factor : axis.values[value])));
    study.filter(axis, low === null && high === null ? null : [(low ?? 0) - axis.half, (high ?? 1) + axis.half]);
  }
  study.onFilter(() => { if (!study.filters.has(axis)) inputs.forEach((input) => { input.value = ""; }); });
  return tag("fieldset", tag("legend", axis.name), inputs);
}
