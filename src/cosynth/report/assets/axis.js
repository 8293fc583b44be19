// Scales from values to pixels, and the axes that show them.
function scale(values, from, to, log, room = 0.04) {
  const finite = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  let low = finite.length ? Math.min(...finite) : log ? 1 : 0;
  let high = finite.length ? Math.max(...finite) : 1;
  if (low === high) [low, high] = log ? [low / 1.5, high * 1.5] : [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
  const [forth, back] = log ? [Math.log10, (value) => 10 ** value] : [Number, Number];
  let [bottom, top] = [forth(low), forth(high)];
  const pad = (top - bottom) * room;
  [bottom, top] = [bottom - pad, top + pad];
  const at = (value) => from + ((forth(value) - bottom) / (top - bottom)) * (to - from);
  at.back = (pixel) => back(bottom + ((pixel - from) / (to - from)) * (top - bottom));
  at.low = back(bottom);
  at.high = back(top);
  at.log = log;
  return at;
}

// Round values to write beside an axis, in a unit's numbers.
function ticks(at, factor, most) {
  const [low, high] = [at.low / factor, at.high / factor];
  if (at.log) {
    for (const steps of [[1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
      const found = [];
      for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1)
        for (const step of steps) if (step * 10 ** power >= low && step * 10 ** power <= high) found.push(step * 10 ** power);
      if (found.length <= most) return found.length > 1 ? found : linear(low, high, most);
    }
    const decades = Math.ceil(Math.log10(high / low) / most);
    const found = [];
    for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high); power += decades) found.push(10 ** power);
    return found;
  }
  return linear(low, high, most);
}

function linear(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) found.push(Math.abs(value) < step / 1e6 ? 0 : value);
  return found;
}

// Axes of a plot with its box {left, right, top, bottom}; titles stand at the ends, along the reading direction.
function axes(box, x, y) {
  const marks = tag("g.axes", HIDDEN);
  for (const tick of ticks(x.at, x.factor, Math.max(3, (box.right - box.left) / 70))) {
    const place = x.at(tick * x.factor);
    marks.append(tag("line", { x1: place, x2: place, y1: box.top, y2: box.bottom, class: "grid" }),
      text(place, box.bottom + 16, digits(tick), { "text-anchor": "middle" }));
  }
  for (const tick of ticks(y.at, y.factor, Math.max(3, (box.bottom - box.top) / 48))) {
    const place = y.at(tick * y.factor);
    marks.append(tag("line", { x1: box.left, x2: box.right, y1: place, y2: place, class: "grid" }),
      text(box.left - 8, place + 4, digits(tick), { ...anchor(true) }));
  }
  marks.append(tag("line", { x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom, class: "base" }),
    text(box.right, box.bottom + 34, x.title, { ...anchor(true), class: "axis-title" }),
    text(0, box.top - 14, y.title, { class: "axis-title" }));
  return marks;
}

const HIDDEN = { "aria-hidden": "true" };
const anchor = (end) => ({ "text-anchor": end ? "end" : "start" });
const canvas = (width, height, label, ...children) => tag("svg",
  { viewBox: `0 0 ${width} ${height}`, width, height, role: "group", "aria-label": label }, ...children);
