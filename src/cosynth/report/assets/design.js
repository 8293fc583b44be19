// One design on one model: figures beside their bounds, and everything that explains them.
function designView(estimate, context) {
  const state = { layer: context.layer, listeners: [] };
  state.select = (at) => {
    state.layer = at;
    if (context.onlayer) context.onlayer(at);
    state.listeners.forEach((each) => each());
  };
  const colours = partColours(estimate);
  const ratio = estimate.bound.latency ? estimate.latency / estimate.bound.latency : null;
  return tag("div.design", context.navigation,
    tag("p.eyebrow", context.eyebrow),
    tag("h1", context.title),
    tag("p.lead", `One run takes ${show(estimate.latency, "latency")}`, ratio ? `, ${digits(ratio)} times what the hardware allows at best. ` : ". ",
      `The multipliers do useful work ${show(estimate.utilisation, "share")} of the time; busy longest is `, tag("b", estimate.limit), "."),
    tag("div.numbers", ["latency", "energy", "area", "power"].map((name) => number(estimate, name))),
    tag("div.columns",
      context.point ? tag("section", tag("h3", "Parameters"), definitions(context.point)) : null,
      tag("section", tag("h3", "Work"), definitions([["multiply-accumulates", show(estimate.operations, "count")], ["other operations", show(estimate.vector_operations, "count")], ["parameters", show(estimate.parameters, "count")],
        ...Object.entries(estimate.bytes).map(([role, size]) => [`${role} data`, show(size, "bytes")])])),
      tag("section", tag("h3", "Formats"), definitions([...formatPairs(estimate.formats), ["mapped for", estimate.objective]]))),
    treeSection(estimate), rooflineSection(estimate, state), layersSection(estimate, state, colours), sourcesSection(estimate));
}

function number(estimate, name) {
  const bound = { latency: estimate.bound.latency, energy: estimate.bound.energy }[name];
  const share = bound && estimate[name] ? Math.min(1, bound / estimate[name]) : null;
  const note = bound ? `bound ${show(bound, name)}` : name === "power" && Number.isFinite(estimate.static_power) ? `static ${show(estimate.static_power, "power")}` : "";
  return tag("div", tag("span.gauge-name", name), tag("strong", show(estimate[name], name)),
    share === null ? null : meter(share, `bound: ${show(share, "share")} of the ${name}`), tag("span.note", note));
}

function formatPairs(formats) {
  const own = Object.entries(formats.layers || {}).map(([name, pair]) => [name, [...new Set(pair)].join(", ")]);
  return [["weights", formats.weights], ["activations", formats.activations], ["states", formats.states === formats.activations ? null : formats.states], ...own];
}

function meter(share, label, kind = "") {
  const filled = tag("i", { style: { width: `${(100 * Math.max(0, Math.min(1, share))).toFixed(1)}%` } });
  return tag("span", { class: `meter ${kind}`, role: "img", "aria-label": label, title: label }, filled);
}

// Colours by what a part is: memories by depth in cool tones, units warm, links pale, the rest grey.
function partColours(estimate) {
  const order = [];
  const walk = (node) => { order.push(node.name); node.children.forEach(walk); };
  estimate.tree.forEach(walk);
  const parts = estimate.parts.map((part) => part.name).concat(estimate.layers.flatMap((layer) => layer.parts.map((part) => part.name)));
  const names = [...new Set([...order.filter((name) => parts.includes(name)), ...parts])];
  const kinds = new Map(estimate.layers.flatMap((layer) => layer.parts).concat(estimate.parts).map((part) => [part.name, part.kind]));
  const count = {};
  const used = new Map();
  for (const name of names) {
    const kind = { memory: "memory", link: "link", compute: "compute" }[kinds.get(name)] || "rest";
    count[kind] = (count[kind] || 0) + 1;
    const shade = ((count[kind] - 1) % { memory: 5, link: 1, compute: 3, rest: 2 }[kind]) + 1;
    used.set(name, `var(--${kind}-${shade})`);
  }
  return used.set("leakage", "var(--leakage)");
}

function sourcesSection(estimate) {
  const list = (title, items) => items?.length ? tag("section", tag("h3", title), tag("ul.plain", items.map((item) => tag("li", item)))) : null;
  return section("Evidence", "Every number comes from a law or a file with a source; what has none is named here.",
    tag("div.columns.evidence",
      list("Cited", [...new Set([...(estimate.citations || []), ...(estimate.sources || [])])]),
      tag("div", list("Assumed, without a source", estimate.assumed), list("Notes", estimate.notes))));
}
