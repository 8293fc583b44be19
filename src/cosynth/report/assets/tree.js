// The hardware tree: what hangs under what, how busy it is, and its share of energy and area.
function treeSection(estimate) {
  const parts = new Map(estimate.parts.map((part) => [part.name, part]));
  const energy = (part) => part.energy + part.leakage * estimate.latency;
  const totals = { energy: estimate.parts.reduce((sum, part) => sum + energy(part), 0), area: estimate.parts.reduce((sum, part) => sum + part.area, 0) };
  const bars = (part, node) => {
    if (!part) return tag("span.bars");
    const busy = estimate.latency ? part.time / estimate.latency : 0;
    const limit = part.name === estimate.limit;
    const unlimited = node && !part.time && (node.kind === "link" ? node.bandwidth : node.read_bandwidth) === null;
    return tag("span.bars",
      unlimited ? tag("span.bar.idle", "keeps up") : bar("busy", busy, limit ? "limit" : ""),
      bar("energy", totals.energy ? energy(part) / totals.energy : 0, "", show(energy(part), "energy")),
      part.area || !node ? bar("area", totals.area ? part.area / totals.area : 0, "", show(part.area, "area")) : tag("span.bar.idle", node.kind === "memory" ? "off chip" : "–"));
  };
  const item = (node) => tag("li", {},
    tag("div.node", tag("span.what", tag("b", node.name),
      node.instances > 1 ? tag("span.times", ` × ${digits(node.instances, 9)}`) : null,
      tag("small", nodeText(node)), node.assumed?.length ? tag("small.assumed", `assumed: ${node.assumed.join(", ")}`) : null), bars(parts.get(node.name), node)),
    node.children.length ? tag("ul", node.children.map(item)) : null);
  const rest = estimate.parts.filter((part) => part.kind === "overhead" && (part.area || part.leakage));
  return section("Hardware", "How long each component is busy of the whole run, and its share of energy (leakage included) and of area. The one that holds the run back is marked.",
    tag("div.tree",
      tag("div.node.heads", HIDDEN, tag("span.what"), tag("span.bars", ["busy", "energy", "area"].map((head) => tag("span", head)))),
      tag("ul", estimate.tree.map(item), rest.map((part) => tag("li", tag("div.node", tag("span.what", tag("b", "overhead"), tag("small", "what no component accounts for")), bars(part, null)))))));
}

function bar(name, share, kind, amount) {
  const label = [name, show(share, "share"), amount].filter(Boolean).join(" ");
  return tag("span.bar", { "data-name": name }, meter(share, label, kind), tag("span.percent", HIDDEN, show(share, "share")));
}

function nodeText(node) {
  const kept = node.keeps && node.keeps.length < 3 ? `holds ${node.keeps.join(" and ")}` : null;
  const speed = node.read_bandwidth && (node.instances > 1 ? `${show(node.read_bandwidth, "bandwidth")} each` : show(node.read_bandwidth, "bandwidth"));
  const rates = node.rates && Object.entries(node.rates).map(([name, rate]) => digits(rate) + (name === "any" ? "" : ` ${name}`) + " op/cycle").join(", ");
  const pieces = {
    memory: [node.size === null ? node.law : show(node.size, "bytes"), speed, node.width && `${digits(node.width, 9)} bit`, kept, node.double_buffered && "double buffered"],
    array: [(node.dimensions || []).map((each) => `${each.size} ${each.name}`).join(" × "), ...(node.dimensions || []).map((each) => each.reduce && `sums along ${each.name}`)],
    link: [node.bandwidth && show(node.bandwidth, "bandwidth"), node.energy && `${show(node.energy, "energy")}/bit`, node.length && `${digits(node.length * 1e3)} mm`],
    compute: [node.does === "mac" ? "multiply-accumulate" : node.does, rates, node.energy && `${show(node.energy, "energy")}/op`, node.accumulator && `sums in ${node.accumulator}`],
  }[node.kind] || [];
  return pieces.filter(Boolean).join(" · ");
}
