// Mappings: every layer with its gap; of the chosen one the nest beside its tiles over time.
function mappingView(data, context) {
  const state = { layer: context.layer, listeners: [] };
  state.select = (at) => {
    state.layer = at;
    context.onlayer(at);
    state.listeners.forEach((each) => each());
  };
  const proven = data.layers.filter((layer) => layer.proof.gap === 0).length;
  const one = tag("div", { "aria-live": "polite" });
  const rows = layerMappings(data, state);
  const fill = () => one.replaceChildren(...mappedLayer(data, data.layers[state.layer]));
  state.listeners.push(fill, rows.refill);
  fill();
  return tag("div.design",
    tag("p.eyebrow", "Mappings"),
    tag("h1", `${data.model} on ${data.hardware}`),
    tag("p.lead", `Mapped for ${data.objective}${data.limits.length ? " within " + data.limits.join(", ") : ""}. `,
      `${plural(proven, "layer")} of ${data.layers.length} proven optimal; over all layers the gap is ${gapText(data.gap)}.`),
    section("Layers", "Figures of all layers of a kind. The gap says how much less the objective could be at most; select a layer for its nest and its tiles.", rows),
    one, data.fusion ? fusionSection(data.fusion) : null);
}

const gapText = (gap) => (gap === null ? "unknown" : gap === 0 ? "0, proven" : show(gap, "share"));

function layerMappings(data, state) {
  const at = (layer) => data.layers.indexOf(layer);
  return table("Layers; a heading sorts", [
    { title: "layer", value: (layer) => layer.name, cell: (layer) => tag("button", { type: "button", class: "link", "aria-pressed": String(at(layer) === state.layer), onclick: () => state.select(at(layer)) }, layer.name) },
    { title: "×", number: true, value: (layer) => layer.count * layer.repeat },
    { title: "latency", number: true, value: (layer) => layer.latency * layer.count, cell: (layer) => show(layer.latency * layer.count, "latency") },
    { title: "energy", number: true, value: (layer) => layer.energy * layer.count, cell: (layer) => show(layer.energy * layer.count, "energy") },
    { title: "use", number: true, value: (layer) => layer.utilisation, cell: (layer) => show(layer.utilisation, "share") },
    { title: "gap", number: true, value: (layer) => layer.proof.gap, cell: (layer) => gapText(layer.proof.gap) },
    { title: "limit", value: (layer) => layer.limit },
  ], data.layers, { row: (layer) => ({ class: at(layer) === state.layer ? "chosen" : null,
    onclick: (event) => { if (!event.target.closest("button")) state.select(at(layer)); } }) });
}

function mappedLayer(data, layer) {
  const nest = tag("div.nest", { style: { "margin-top": 0 } });
  nestOf(nest, layer);
  return [
    section(layer.name, "Rows are memories, from the outside in; a block is a tile that stays until a loop moves it, filled when it comes for the first time, hollow when it comes again. Of each loop the first steps are drawn.",
      tag("div.beside", nest, figure(`Tiles of ${layer.name} over time`, (width) => tilesOverTime(layer, width)))),
    section("Memories", "Bytes of all copies; what one instance holds, two tiles where it is double buffered.", usesTable(layer), layer.front.length ? tradesTable(layer) : null),
    section("Proof", layer.proof.gap === 0 ? "No mapping of the space is better." : `The optimum lies between the bound and what was found: a gap of ${gapText(layer.proof.gap)}.`,
      tag("ul.plain", [layer.proof.nodes ? plural(layer.proof.nodes, "bound") + " computed" : null, ...layer.proof.cuts, ...layer.proof.left_out.map((each) => "not in the space: " + each)].filter(Boolean).map((each) => tag("li", each)))),
  ];
}

// One band per memory, one lane per operand, one block per stay of a tile.
function tilesOverTime(layer, width) {
  const [left, lane, head] = [Math.min(120, width * 0.28), 18, 22];
  const tensors = [...new Set(layer.timeline.flatMap((row) => row.lanes.map((each) => each.tensor)))];
  const shade = (tensor) => `var(--memory-${(tensors.indexOf(tensor) % 5) + 1})`;
  const height = layer.timeline.reduce((sum, row) => sum + head + row.lanes.length * lane + 10, 0);
  const svg = canvas(width, height, `tiles of ${layer.name} over time`);
  let top = 0;
  for (const row of layer.timeline) {
    const steps = row.steps.reduce((product, step) => product * step.shown, 1);
    const long = (width - left - 2) / steps;
    const loops = row.steps.map((step) => step.rank + " " + (step.shown < step.trips ? step.shown + " of " : "") + digits(step.trips, 9)).join(", ");
    svg.append(text(0, top + 15, row.level, { class: "axis-title" }), text(left, top + 15, clipped(loops ? `steps of ${loops}` : "the whole run", Math.floor((width - left) / 6.5))));
    top += head;
    for (const each of row.lanes) {
      svg.append(text(8, top + 13, clipped(each.tensor, Math.floor(left / 7) - 1)));
      for (const stay of each.stays) {
        svg.append(tag("rect", { x: left + stay.start * long, y: top + 2, width: Math.max(1, stay.length * long - 1.5), height: lane - 4, class: stay.again ? "tile again" : "tile", style: stay.again ? { fill: "none", stroke: shade(each.tensor), "stroke-width": 1.5 } : { fill: shade(each.tensor) } },
          tag("title_", `${each.tensor} in ${row.level}: tile ${stay.tile.join(", ") || "whole"}${stay.again ? ", again" : ""}; ${plural(each.loads, "load")} in the run`)));
      }
      top += lane;
    }
    top += 10;
  }
  return svg;
}

function usesTable(layer) {
  return table("Tensors by memory; a heading sorts", [
    { title: "memory", value: (use) => use.level }, { title: "tensor", value: (use) => use.tensor }, { title: "part", value: (use) => use.part },
    { title: "in", number: true, value: (use) => use.written, cell: (use) => show(use.written, "bytes") },
    { title: "out", number: true, value: (use) => use.read, cell: (use) => show(use.read, "bytes") },
    { title: "holds", number: true, value: (use) => use.held, cell: (use) => show(use.held, "bytes") },
    { title: "of it", number: true, value: (use) => use.share, cell: (use) => (use.share ? show(use.share, "share") : "–") },
    { title: "tiles", number: true, value: (use) => (use.double_buffered ? 2 : 1) },
  ], layer.uses);
}

function tradesTable(layer) {
  return table("Latency against energy; a heading sorts", [
    { title: "latency", number: true, value: (each) => each.latency, cell: (each) => show(each.latency, "latency") },
    { title: "energy", number: true, value: (each) => each.energy, cell: (each) => show(each.energy, "energy") },
    { title: "use", number: true, value: (each) => each.utilisation, cell: (each) => show(each.utilisation, "share") },
    { title: "gap of the energy", number: true, value: (each) => each.gap, cell: (each) => gapText(each.gap) },
  ], layer.front);
}

function fusionSection(fusion) {
  const groups = fusion.groups.filter((group) => group.fused);
  return section("Fusion", `In groups the layers take ${show(fusion.latency, "latency")} and ${show(fusion.energy, "energy")}; alone ${show(fusion.alone[0], "latency")} and ${show(fusion.alone[1], "energy")}.`,
    groups.length ? null : tag("p", "No fusion is better than each layer alone."),
    groups.map((group) => tag("div.nest", tag("h3", group.names.join(" + ")),
      definitions([["latency", `${show(group.latency, "latency")}, alone ${show(group.alone[0], "latency")}`], ["energy", `${show(group.energy, "energy")}, alone ${show(group.alone[1], "energy")}`], ["softmax in blocks of", group.block || null]]),
      tag("pre", { tabindex: 0, "aria-label": "Fused nest" }, nestLines(group.nest)))),
    tag("ul.plain", fusion.left_out.map((each) => tag("li", "not tried: " + each))));
}
