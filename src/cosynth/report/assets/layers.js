// Layers: energy and time by component as bars, the table, and the loop nest of the chosen one.
function layersSection(estimate, state, colours) {
  const view = { what: "energy", share: false };
  const plot = figure("Energy or time of each layer by component", (width) => layerBars(estimate, state, view, colours, width));
  const note = tag("p.note");
  const legend = tag("div.legend", HIDDEN);
  const change = () => {
    note.textContent = view.what === "energy" ? "Energy of each layer, stacked by component; static power is shared out by time."
      : "Busy time of each component as a lane of its own, since they work at the same time; the upright mark is the latency of the layer.";
    const shown = [...colours.keys()].filter((name) => (view.what === "energy" && name === "leakage" ? estimate.static_power > 0
      : estimate.layers.some((layer) => layer.parts.some((part) => part.name === name && part[view.what] > 0))));
    legend.replaceChildren(...shown.map((name) => tag("span", tag("i", { style: { background: colours.get(name) } }), name)));
    plot.redraw();
  };
  const nest = tag("div.nest", { "aria-live": "polite" });
  const chosen = () => nestOf(nest, estimate.layers[state.layer]);
  const all = layerTable(estimate, state);
  state.listeners.push(chosen, () => plot.redraw(), all.refill);
  change();
  chosen();
  return tag("div", section("Energy and time by layer", null,
    tag("div.controls",
      segmented("Quantity", [["energy", "energy"], ["time", "time"]], view.what, (what) => { view.what = what; change(); }),
      segmented("Length", [["amount", "amount"], ["share", "share"]], "amount", (length) => { view.share = length === "share"; change(); })), note, legend, plot),
  section("Layers", "Latency beside what no mapping can beat; the gap is that of what the mapper was asked for. Select a layer for its loop nest.", all, nest));
}

function layerBars(estimate, state, view, colours, width) {
  const layers = estimate.layers;
  const left = Math.round(Math.min(190, width * 0.32));
  const right = width - (width > 520 ? 84 : 64);
  const lanes = view.what === "time";
  const names = [...colours.keys()].filter((name) => layers.some((layer) => layer.parts.some((part) => part.name === name && part.time > 0)));
  const row = lanes ? Math.max(22, names.length * 4 + 8) : 24;
  const total = (layer) => (lanes ? layer.latency : layer.energy);
  const most = Math.max(...layers.map((layer) => Math.max(total(layer), ...(lanes ? layer.parts.map((part) => part.time) : [0]))));
  const { unit, factor } = unitOf([most / 3], lanes ? "time" : "energy");
  const svg = canvas(width, layers.length * row + 22, `${view.what} by layer`, text(right + 8, 12, view.share ? "of all" : unit, { class: "axis-title" }), text(0, 12, "layer", { class: "axis-title" }));
  layers.forEach((layer, at) => {
    const top = 20 + at * row;
    const length = (value) => ((right - left) * value) / (view.share ? total(layer) || 1 : most);
    const group = tag("g", { class: at === state.layer ? "row chosen" : "row", onclick: () => state.select(at) },
      tag("rect", { x: 0, y: top, width, height: row, class: "row-back" }),
      text(0, top + row / 2 + 4, clipped(layer.name, Math.floor(left / 7)) + (layer.count > 1 ? ` ×${layer.count}` : ""), {}),
      text(right + 8, top + row / 2 + 4, view.share ? percent(total(layer) / (lanes ? estimate.latency : estimate.energy)) : digits(total(layer) / factor, 3, true), { class: "amount" }));
    if (lanes) {
      names.forEach((name, lane) => {
        const part = layer.parts.find((each) => each.name === name);
        if (part?.time) group.append(tag("rect", { x: left, y: top + 4 + lane * ((row - 8) / names.length), width: Math.max(0.5, Math.min(length(part.time), right - left)), height: Math.max(1.5, (row - 8) / names.length - 1), style: { fill: colours.get(name) } },
          tag("title_", `${layer.name}, ${name}: busy ${show(part.time, "time")} of ${show(layer.latency, "time")}`)));
      });
      const end = left + length(layer.latency);
      group.append(tag("line", { x1: end, x2: end, y1: top + 2, y2: top + row - 2, class: "latency" }));
    } else {
      let from = left;
      const shares = [...layer.parts, { name: "leakage", energy: Math.max(0, layer.energy - layer.dynamic_energy) }];
      for (const name of colours.keys()) {
        const energy = shares.filter((each) => each.name === name).reduce((sum, each) => sum + each.energy, 0);
        if (!energy) continue;
        const long = length(energy);
        group.append(tag("rect", { x: from, y: top + 4, width: Math.max(0, long - (long > 3 ? 1 : 0)), height: row - 8, style: { fill: colours.get(name) } },
          tag("title_", `${layer.name}, ${name}: ${show(energy, "energy")}, ${show(energy / layer.energy, "share")}`)));
        from += long;
      }
    }
    svg.append(group);
  });
  return svg;
}

function layerTable(estimate, state) {
  const amount = (title, kind, value) => {
    const { unit, factor } = unitOf(estimate.layers.map(value), kind);
    return { title: axisTitle(title, unit), number: true, value, cell: (layer) => digits(value(layer) / factor, 3, kind !== "operations") };
  };
  const share = (title, value) => ({ title, number: true, value, cell: (layer) => (value(layer) === null ? "–" : show(value(layer), "share")) });
  const engines = new Set(estimate.layers.map((layer) => layer.engine)).size > 1;
  return table("Layers; a heading sorts", [
    { title: "layer", value: (layer) => layer.name, cell: (layer) => tag("button", { type: "button", class: "link", "aria-pressed": String(estimate.layers.indexOf(layer) === state.layer),
      onclick: () => state.select(estimate.layers.indexOf(layer)) }, layer.name) },
    { title: "×", number: true, value: (layer) => layer.count * (layer.repeat || 1) },
    { title: "operators", value: (layer) => layer.operators.join(" "), cell: (layer) => layer.operators.join(" ") },
    engines && { title: "engine", value: (layer) => layer.engine },
    amount("latency", "latency", (layer) => layer.latency), amount("bound", "latency", (layer) => layer.bound.latency),
    share(`${estimate.objective} gap`, (layer) => layer.gap), share("use", (layer) => layer.utilisation),
    { title: "limit", value: (layer) => layer.limit }, amount("energy", "energy", (layer) => layer.energy), amount("operations", "operations", (layer) => layer.operations),
  ].filter(Boolean), estimate.layers, { row: (layer) => ({ class: estimate.layers.indexOf(layer) === state.layer ? "chosen" : null,
    onclick: (event) => { if (!event.target.closest("button")) state.select(estimate.layers.indexOf(layer)); } }) });
}

// A loop nest, line by line: levels quiet, loops plain, what runs side by side marked.
function nestLines(lines) {
  return lines.map((line) => {
    const depth = line.length - line.trimStart().length;
    const kind = /\balong\b/.test(line) ? "spatial" : /^\s*for\b/.test(line) ? "loop" : "level";
    return tag("span", { class: kind, style: { "padding-left": `${depth * 0.75 + 0.5}ch` } }, line.trim());
  });
}

function nestOf(holder, layer) {
  if (!layer) return holder.replaceChildren();
  holder.replaceChildren(tag("h3", layer.name),
    tag("p", tag("code", layer.einsum)),
    definitions([["sizes", Object.entries(layer.sizes).map(([rank, size]) => `${rank} ${digits(size, 9)}`).join(", ")],
      ["formats", [...new Set(Object.values(layer.formats))].join(", ")], ["bound by units", layer.bound && show(layer.bound.compute, "time")], ["bound by traffic", layer.bound && show(layer.bound.traffic, "time")]]),
    tag("pre", { tabindex: 0, "aria-label": `Loop nest of ${layer.name}` }, nestLines(layer.mapping)));
}
