// Quantities for people: SI inside, a fitting unit and three digits outside.
const UNITS = { latency: "s", time: "s", energy: "J", power: "W", area: "m²", edp: "J\u00a0s",
  bytes: "B", bandwidth: "B/s", frequency: "Hz", rate: "op/s", operations: "", count: "" };
const PREFIXES = [["f", 1e-15], ["p", 1e-12], ["n", 1e-9], ["µ", 1e-6], ["m", 1e-3], ["", 1],
  ["k", 1e3], ["M", 1e6], ["G", 1e9], ["T", 1e12], ["P", 1e15]];
const BINARY = [["", 1], ["Ki", 2 ** 10], ["Mi", 2 ** 20], ["Gi", 2 ** 30], ["Ti", 2 ** 40]];
// What a model answers keeps its three digits; what was stated is written as short as it is.
const ANSWERS = new Set(["latency", "time", "energy", "power", "area", "edp"]);

// Number with three significant digits, whole where it is large, with a narrow space in thousands.
function digits(value, places = 3, zeros = false) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e7 || size < 1e-4) return value.toExponential(places - 1).replace("e+", "e");
  const decimals = Math.max(0, places - 1 - Math.floor(Math.log10(size * (1 + 1e-12))));
  const text = value.toFixed(Math.min(decimals, 8));
  const short = text.includes(".") && !zeros ? text.replace(/\.?0+$/, "") : text;
  return short.replace("-", "−").replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, "\u202f");
}

// Unit that suits a typical value: {unit, factor}.
function unitFor(typical, kind) {
  const size = Math.abs(typical) * 1.0005;
  if (kind === "area") return size < 1e-9 && size > 0 ? { unit: "µm²", factor: 1e-12 } : { unit: "mm²", factor: 1e-6 };
  if (kind === "bytes") return pick(BINARY, size, "B");
  if (!(kind in UNITS)) return { unit: "", factor: 1 };
  return pick(PREFIXES, size, UNITS[kind]);
}

function pick(table, size, unit) {
  let best = table[0];
  for (const entry of table) if (entry[1] <= size) best = entry;
  if (!size) best = table.find((entry) => entry[1] === 1);
  return { unit: best[0] + unit, factor: best[1] };
}

// One unit for a column or an axis.
function unitOf(values, kind) {
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs).sort((a, b) => a - b);
  return unitFor(finite.length ? finite[Math.floor(finite.length / 2)] : 1, kind);
}

function show(value, kind) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (kind === "share") return percent(value);
  const { unit, factor } = unitFor(value, kind);
  return digits(value / factor, 3, ANSWERS.has(kind)) + (unit ? "\u00a0" + unit : "");
}

function percent(share) {
  const value = 100 * share;
  return (value && Math.abs(value) < 0.1 ? "<\u202f0.1" : value.toFixed(Math.abs(value) < 9.95 && value ? 1 : 0)) + "\u202f%";
}

function plain(value) {
  if (typeof value === "number") return digits(value, 4);
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return value === null || value === undefined ? "–" : String(value);
}

const axisTitle = (name, unit) => (unit ? `${name}, ${unit}` : name);
const plural = (count, one) => digits(count, 9) + " " + one + (count === 1 ? "" : "s");
