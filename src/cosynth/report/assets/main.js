// Start: read the data, join evaluations with designs, follow the address.
const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("main");

function studyOf(data) {
  const key = (point) => JSON.stringify(Object.entries(point).sort());
  const byNumber = new Map(data.evaluations.map((each) => [each.number, each]));
  const byPoint = new Map(data.evaluations.map((each) => [key(each.point), each]));
  const front = data.front.map((each) => {
    const evaluation = byNumber.get(each.number) || byPoint.get(key(each.point));
    return { ...each, evaluation: evaluation || { number: each.number, point: each.point, figures: each.figures, feasible: true } };
  });
  front.forEach((each) => { each.evaluation.design = each; });
  const known = front[0]?.figures || data.evaluations.find((each) => each.figures)?.figures || {};
  const listeners = [];
  const study = { data, front, knee: front.find((each) => each.id === data.knee), filters: new Map(),
    figureNames: [...new Set([...data.objectives, ...Object.keys(known).filter((name) => name !== "edp")])],
    parameterNames: data.space.map((each) => each.name),
    parameter: (name) => data.space.find((each) => each.name === name),
    chosen: (point) => study.parameterNames.filter((name) => name in point).map((name) => [name.replaceAll("_", " "), parameterText(study.parameter(name), point[name])]),
    onFilter: (listener) => { listeners.push(listener); listener(); },
    filter: (axis, range) => {
      if (!axis) study.filters.clear();
      else if (range) study.filters.set(axis, range);
      else study.filters.delete(axis);
      listeners.forEach((each) => each());
    },
    passes: (evaluation) => [...study.filters].every(([axis, [low, high]]) => {
      const value = axis.value(evaluation);
      if (value === undefined || value === null) return false;
      const share = axis.share(value);
      return share >= low - 1e-9 && share <= high + 1e-9;
    }) };
  return study;
}

const exploring = !["estimate", "mapping"].includes(data.cosynth);
const study = exploring ? studyOf(data) : null;
let place = 0;
let showing = null;

function requested() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  return { design: wanted.get("design"), model: wanted.get("model"), layer: Number(wanted.get("layer") || 0) };
}

function follow() {
  if (showing !== null && location.hash.length > 1 && !location.hash.includes("=")) return;
  const wanted = requested();
  const page = JSON.stringify([wanted.design, wanted.model]);
  if (page === showing) return;
  const back = showing !== null && !wanted.design;
  if (showing !== null && wanted.design && !main.querySelector(".design")) place = scrollY;
  if (exploring && !wanted.design) study.view ||= overview(study);
  main.replaceChildren(!exploring ? singleView(wanted) : wanted.design ? designPage(wanted) : study.view);
  if (showing !== null) {
    main.focus({ preventScroll: true });
    requestAnimationFrame(() => scrollTo(0, back ? place : 0));
  }
  showing = page;
}

function remember(wanted) {
  return (layer) => {
    const known = Object.fromEntries(Object.entries({ design: wanted.design, model: wanted.model, layer }).filter(([, value]) => value !== null && value !== undefined));
    history.replaceState(null, "", "#" + new URLSearchParams(known));
  };
}

const within = (estimate, layer) => (layer >= 0 && layer < estimate.layers.length ? Math.floor(layer) : 0);

function singleView(wanted) {
  if (data.cosynth === "mapping") return mappingView(data, { layer: within(data, wanted.layer), onlayer: remember(wanted) });
  return designView(data, { layer: within(data, wanted.layer), onlayer: remember(wanted), eyebrow: "Estimate", title: `${data.model} on ${data.hardware}` });
}

function designPage(wanted) {
  const at = study.front.findIndex((each) => each.id === wanted.design);
  const back = tag("a", { href: "#" }, "← all designs");
  if (at < 0) return tag("div.design", tag("nav", back), tag("h1", "No such design"), tag("p.lead", `${wanted.design} is not on this front.`));
  const member = study.front[at];
  const step = (to, label) => (study.front[to] ? tag("a", { href: address(study.front[to].id) }, label) : null);
  const models = data.designs[member.id];
  const point = study.chosen(member.point);
  const names = Object.keys(models || {});
  const model = names.includes(wanted.model) ? wanted.model : names[0];
  const navigation = tag("nav", { "aria-label": "Designs" }, back, tag("span", step(at - 1, "previous"), ` ${at + 1} of ${study.front.length} `, step(at + 1, "next")),
    names.length > 1 ? tag("span.models", names.map((name) => tag("a", { href: address(member.id, { model: name }), "aria-current": name === model ? "page" : null }, name))) : null);
  const eyebrow = member === study.knee ? "Design · the knee" : "Design";
  if (!models) return tag("div.design", navigation, tag("p.eyebrow", eyebrow), tag("h1", member.id),
    tag("p.lead", `This front is long, so only ${plural(Object.keys(data.designs).length, "design")} are described in full here. The figures and parameters of this one:`),
    tag("div.columns", definitions(study.figureNames.map((name) => [name, show(member.figures[name], name)])), definitions(point)));
  const estimate = models[model];
  return designView(estimate, { navigation, point, eyebrow, title: `${estimate.model} on ${member.id}`, layer: within(estimate, wanted.layer), onlayer: remember(wanted) });
}

// Colours: those of the system until the button says otherwise.
const dark = matchMedia("(prefers-color-scheme: dark)");
const button = document.getElementById("theme");
let chosen = null;
try { chosen = localStorage.getItem("cosynth-theme"); } catch { chosen = null; }

function colour() {
  const theme = chosen || (dark.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  button.textContent = theme === "dark" ? "Light" : "Dark";
  button.setAttribute("aria-label", `Switch to ${theme === "dark" ? "light" : "dark"} colours`);
}

button.addEventListener("click", () => {
  chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("cosynth-theme", chosen); } catch { /* a file may not be allowed to remember */ }
  colour();
});
dark.addEventListener("change", colour);
addEventListener("hashchange", follow);
colour();
follow();
