// The front: every evaluation as a mark over two figures, the front joined as a staircase.
function frontSection(study) {
  const { data, front } = study;
  const names = study.figureNames;
  const [first, second] = widest(study);
  const view = { x: first, y: second, logX: true, logY: true };
  const card = tag("div.card", { "aria-live": "polite" });
  const plot = figure("All designs over two figures", (width) => scatter(study, view, width, card));
  study.onFilter(() => plot.redraw());
  describe(study, card, study.knee || front[0] || data.evaluations[0]);
  const options = names.map((name) => [name, name]);
  const change = (key) => (value) => {
    view[key] = value;
    plot.redraw();
  };
  return section("The front", "Every mark is a design. On the front nothing is better in every objective; a hollow one is beaten in the two figures drawn here but not in all objectives. Crosses break a limit.",
    tag("div.controls",
      choice("across", options, view.x, change("x")), check("log", view.logX, change("logX")),
      choice("up", options, view.y, change("y")), check("log", view.logY, change("logY"))),
    tag("div.with-card", plot, card));
}

function scatter(study, view, width, card) {
  const { evaluations } = study.data;
  const height = Math.max(300, Math.min(560, Math.round(width * 0.68)));
  const stuck = evaluations.filter((each) => !each.figures);
  const placed = evaluations.filter((each) => each.figures);
  const box = { left: 48, right: width - 14, top: stuck.length ? 56 : 34, bottom: height - 44 };
  const axis = (name, from, to, log) => {
    const values = placed.map((each) => each.figures[name]);
    const { unit, factor } = unitOf(values, name);
    return { at: scale(values, from, to, log && values.every((value) => value > 0)), factor, title: axisTitle(name, unit) };
  };
  const x = axis(view.x, box.left + 4, box.right - 6, view.logX);
  const y = axis(view.y, box.bottom - 4, box.top + 4, view.logY);
  const at = (each) => [x.at(each.figures[view.x]), y.at(each.figures[view.y])];
  const svg = canvas(width, height, `${view.y} over ${view.x}`, axes(box, x, y));
  const marks = tag("g.marks", HIDDEN);
  const targets = [];
  for (const each of placed) {
    const [left, up] = at(each);
    const passes = study.passes(each);
    targets.push({ each, left, up, passes });
    if (each.design) continue;
    marks.append(each.feasible
      ? tag("circle", { cx: left, cy: up, r: 2.6, class: passes ? "dot" : "dot out" })
      : tag("path", { d: cross(left, up, 2.6), class: passes ? "dot broken" : "dot broken out" }));
  }
  stuck.forEach((each, number) => {
    const left = box.left + 8 + ((number + 0.5) / stuck.length) * (box.right - box.left - 12);
    targets.push({ each, left, up: 34, passes: study.passes(each) });
    marks.append(tag("path", { d: cross(left, 34, 2.6), class: "dot stuck" }));
  });
  if (stuck.length) svg.append(text(box.left + 12, 24, `cannot run: ${stuck.length}`, { class: "hint" }));
  for (const { figure, most, text: label } of study.data.limits) {
    const [across, up] = [figure === view.x && x.at(most), figure === view.y && y.at(most)];
    if (across > box.left && across < box.right) svg.append(tag("line.bound", { x1: across, x2: across, y1: box.top, y2: box.bottom }));
    if (up > box.top && up < box.bottom) svg.append(tag("line.bound", { x1: box.left, x2: box.right, y1: up, y2: up }), text(box.right, up - 6, label.replace("<=", "≤"), { class: "hint", ...anchor(true) }));
  }
  svg.append(marks, tag("path", { d: staircase(study.front, at, box), class: "stairs" }));
  const ring = tag("circle", { r: 9, class: "ring", cx: -99, cy: -99 });
  svg.append(frontMarks(study, view, at, box, (design) => focus(targets.find((target) => target.each === design.evaluation))), ring, labels(study, view, at, box));

  function focus(target) {
    if (!target) return;
    ring.setAttribute("cx", target.left);
    ring.setAttribute("cy", target.up);
    describe(study, card, target.each);
  }
  const nearest = (event) => {
    const frame = svg.getBoundingClientRect();
    const [left, up] = [event.clientX - frame.left, event.clientY - frame.top];
    const far = (target) => Math.hypot(target.left - left, target.up - up) - (target.each.design ? 5 : 0) + (target.passes ? 0 : 8);
    const best = targets.reduce((a, b) => (far(b) < far(a) ? b : a), targets[0]);
    return best && far(best) < 24 ? best : null;
  };
  svg.addEventListener("pointermove", (event) => focus(nearest(event)));
  svg.addEventListener("click", (event) => {
    const best = nearest(event);
    focus(best);
    if (best?.each.design && !event.target.closest("a")) location.hash = address(best.each.design.id);
  });
  return svg;
}

// The two objectives over which the front has most steps: they pull hardest against each other.
function widest({ data, front, figureNames }) {
  const names = data.objectives.length > 1 ? data.objectives : figureNames;
  const pairs = names.flatMap((x, at) => names.slice(at + 1).map((y) => [x, y]));
  return pairs.reduce((best, pair) => (stairs(front, pair).length > stairs(front, best).length ? pair : best), pairs[0]);
}

const cross = (x, y, r) => `M${x - r} ${y - r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`;

// Designs of the front that nothing beats in these two figures, left to right.
function stairs(front, [x, y]) {
  const sorted = [...front].sort((a, b) => a.figures[x] - b.figures[x] || a.figures[y] - b.figures[y]);
  let least = Infinity;
  return sorted.filter((each) => each.figures[y] < least && ((least = each.figures[y]), true));
}

function staircase(front, at, box) {
  const points = front.map(at).sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  let path = "";
  let lowest = -Infinity;
  for (const [left, up] of points) {
    if (up <= lowest) continue;
    path += path ? `H${left.toFixed(1)}V${up.toFixed(1)}` : `M${left.toFixed(1)} ${box.top}V${up.toFixed(1)}`;
    lowest = up;
  }
  return path && `${path}H${box.right}`;
}

// Links: one tab stop for all, arrow keys go along the front.
function frontMarks(study, view, at, box, focus) {
  const steps = new Set(stairs(study.front, [view.x, view.y]));
  const sorted = [...study.front].sort((a, b) => a.figures[view.x] - b.figures[view.x]);
  const first = study.knee || sorted[0];
  const size = box.right < 500 ? 0.75 : 1;
  const links = sorted.map((design) => {
    const [left, up] = at(design);
    const label = design.id + (design === study.knee ? ", the knee: " : ": ") + study.data.objectives.map((name) => `${name} ${show(design.figures[name], name)}`).join(", ");
    const kind = `front${steps.has(design) ? "" : " hollow"}${design === study.knee ? " knee" : ""}${study.passes(design.evaluation) ? "" : " out"}`;
    return tag("a_", { href: address(design.id), tabindex: design === first ? 0 : -1, "aria-label": label, onfocus: () => focus(design) },
      tag("circle", { cx: left, cy: up, r: (design === study.knee ? 6 : 4.2) * size, class: `dot ${kind}` }));
  });
  return tag("g", { role: "group", "aria-label": "Designs of the front; arrow keys move, Enter opens", onkeydown: (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const now = links.indexOf(document.activeElement);
    if (!step || now < 0) return;
    event.preventDefault();
    links[now].setAttribute("tabindex", -1);
    const next = links[(now + step + links.length) % links.length];
    next.setAttribute("tabindex", 0);
    next.focus();
  } }, [...links].sort((a, b) => (a === links[sorted.indexOf(study.knee)]) - (b === links[sorted.indexOf(study.knee)])));
}

// Direct labels: the knee and the two ends.
function labels(study, view, at, box) {
  const ends = stairs(study.front, [view.x, view.y]);
  const notes = [[ends[0], `least ${view.x}`], [ends.at(-1), `least ${view.y}`], [study.knee, "knee"]];
  const taken = [];
  return tag("g.labels", HIDDEN, notes.map(([design, label]) => {
    if (!design || taken.some((each) => each === design)) return null;
    taken.push(design);
    const [left, up] = at(design);
    const flip = left > box.right - 110;
    return text(flip ? left : left + 9, up - 13, label, { ...anchor(flip) });
  }));
}

// The card beside the plot: one design's figures and parameters.
function describe(study, card, each) {
  const evaluation = each.evaluation || each;
  if (card.shown === evaluation) return;
  card.shown = evaluation;
  const design = evaluation.design;
  const head = design ? tag("a", { href: address(design.id) }, design.id) : `evaluation ${evaluation.number}`;
  card.replaceChildren(
    tag("h3", head, design === study.knee && design ? tag("span.tag", "knee") : null),
    tag("p.note", design ? "on the front; select it to open" : evaluation.figures ? evaluation.feasible ? "beaten by the front" : "breaks " + Object.keys(evaluation.broken || {}).join(", ") : evaluation.why || "cannot run"),
    evaluation.figures ? definitions(study.figureNames.map((name) => [name, show(evaluation.figures[name], name)])) : "",
    definitions(study.chosen(evaluation.point)));
}

function frontTable(study) {
  const column = (name) => {
    const { unit, factor } = unitOf(study.front.map((each) => each.figures[name]), name);
    return { title: axisTitle(name, unit), number: true, value: (each) => each.figures[name], cell: (each) => digits(each.figures[name] / factor, 3, true) };
  };
  const columns = [
    { title: "design", value: (each) => each.id, cell: (each) => tag("a", { href: address(each.id) }, each.id) },
    ...study.figureNames.map(column),
    ...study.parameterNames.map((name) => ({ title: name.replaceAll("_", " "), number: study.front.every((each) => typeof each.point[name] !== "string"),
      value: (each) => each.point[name], cell: (each) => parameterText(study.parameter(name), each.point[name]) })),
  ];
  const all = table("Designs of the front; a heading sorts", columns, study.front, { sorted: [1, false],
    row: (each) => ({ class: [each === study.knee ? "knee" : "", study.passes(each.evaluation) ? "" : "out"].join(" ").trim() || null,
      onclick: (event) => { if (!event.target.closest("a")) location.hash = address(each.id); } }) });
  study.onFilter(all.refill);
  return section("Designs of the front", null, all);
}
