// Roofline: operations for each byte that a memory moved against operations a second.
function rooflineSection(estimate, state) {
  const memories = Object.entries(estimate.roof.memories).filter(([, bandwidth]) => bandwidth).map(([name]) => name);
  if (!memories.length) return null;
  const view = { memory: memories[0] };
  const plot = figure("Roofline", (width) => roofline(estimate, state, view.memory, width));
  state.listeners.push(() => plot.redraw());
  const without = estimate.layers.filter((layer) => !layer.operations).length;
  return section("Roofline", "Each mark is a layer, its size the time it takes; the lines are what the units and the memory allow." + (without ? ` Without multiply-accumulates, and left out: ${plural(without, "layer")}.` : ""),
    memories.length > 1 ? tag("div.controls", segmented("Memory", memories.map((name) => [name, name]), view.memory, (name) => {
      view.memory = name;
      plot.redraw();
    })) : null, plot);
}

function roofline(estimate, state, memory, width) {
  const height = Math.max(300, Math.min(430, Math.round(width * 0.5)));
  const box = { left: 48, right: width - 16, top: 38, bottom: height - 44 };
  const [peak, bandwidth] = [estimate.roof.operations, estimate.roof.memories[memory]];
  const layers = estimate.layers.map((layer, at) => {
    const part = layer.parts.find((each) => each.name === memory);
    const moved = part ? part.read + part.written : 0;
    return { layer, at, intensity: layer.operations / moved, speed: layer.operations / layer.latency };
  }).filter((each) => each.layer.operations && Number.isFinite(each.intensity));
  const ridge = peak / bandwidth;
  const xs = layers.map((each) => each.intensity).concat(ridge / 2, ridge * 4);
  const ys = layers.map((each) => each.speed).concat(peak * 1.5, peak / 4);
  const { unit, factor } = unitOf([peak], "rate");
  const x = { at: scale(xs, box.left, box.right, true), factor: 1, title: `operations for each byte at ${memory}` };
  const y = { at: scale(ys, box.bottom, box.top, true), factor, title: `performance, ${unit}` };
  const start = Math.max(x.at.low, y.at.low / bandwidth);
  const roof = `M${x.at(start)} ${y.at(start * bandwidth)}L${x.at(ridge)} ${y.at(peak)}H${box.right}`;
  const slope = (Math.atan2(y.at(peak) - y.at(start * bandwidth), x.at(ridge) - x.at(start)) * 180) / Math.PI;
  const half = [(x.at(ridge) + x.at(start)) / 2, (y.at(peak) + y.at(start * bandwidth)) / 2];
  const longest = [...layers].sort((a, b) => b.layer.latency - a.layer.latency);
  const named = new Set(longest.slice(0, width > 600 ? 4 : 2).map((each) => each.at));
  const marks = longest.map(({ layer, at, intensity, speed }) => tag("circle", {
    cx: x.at(intensity), cy: y.at(speed), r: 3.5 + 16 * Math.sqrt(layer.latency / estimate.latency), class: at === state.layer ? "layer-dot chosen" : "layer-dot",
    onclick: () => state.select(at) }, tag("title_", `${layer.name}: ${show(speed, "rate")}, ${digits(intensity)} op/B, ${show(layer.latency, "latency")}`)));
  const tags = longest.filter((each) => each.at === state.layer).concat(longest.filter((each) => named.has(each.at) && each.at !== state.layer));
  const taken = [];
  const notes = tags.map(({ layer, at, intensity, speed }) => {
    const [left, up] = [x.at(intensity), y.at(speed)];
    const far = 6 + 16 * Math.sqrt(layer.latency / estimate.latency);
    const end = left > box.right - 130;
    const span = end ? [left - far - 7 * layer.name.length, left] : [left, left + far + 7 * layer.name.length];
    if (at !== state.layer && taken.some(([a, b, c]) => a < span[1] && b > span[0] && Math.abs(c - up) < 15)) return null;
    taken.push([...span, up]);
    return text(end ? left - far : left + far, up + 4, clipped(layer.name, 22), { class: at === state.layer ? "label chosen" : "label", ...anchor(end) });
  });
  return canvas(width, height, "Roofline", axes(box, x, y), tag("path", { d: roof, class: "roof" }),
    text(x.at(ridge), y.at(peak) - 12, `${show(peak, "rate")} at full use`, { class: "hint" }),
    text(half[0], half[1] - 8, `${memory} ${show(bandwidth, "bandwidth")}`, { "text-anchor": "middle", class: "hint", transform: `rotate(${slope.toFixed(1)} ${half[0].toFixed(1)} ${half[1].toFixed(1)})` }),
    tag("g", HIDDEN, marks, notes));
}

const clipped = (name, most) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);
