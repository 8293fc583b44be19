// Hypervolume over evaluations: how much of the objective space the front has covered so far.
function convergenceSection({ data }) {
  const series = data.hypervolume.values;
  const last = series.at(-1);
  if (!last) return null;
  const shares = series.map((value) => (100 * value) / last);
  const reach = (share) => shares.findIndex((value) => value >= share) + 1;
  const plot = figure("Hypervolume over evaluations", (width) => {
    const height = 230;
    const box = { left: 48, right: width - 14, top: 34, bottom: height - 44 };
    const x = { at: scale([0, series.length], box.left, box.right, false, 0), factor: 1, title: "evaluations" };
    const y = { at: scale([0, 100], box.bottom, box.top, false, 0), factor: 1, title: "share of the final hypervolume, %" };
    let path = `M${x.at(0)} ${y.at(0)}`;
    shares.forEach((share, at) => {
      if (share !== shares[at - 1]) path += `H${x.at(at + 1).toFixed(1)}V${y.at(share).toFixed(1)}`;
    });
    path += `H${x.at(series.length)}`;
    const ninety = reach(90);
    return canvas(width, height, "Hypervolume over evaluations", axes(box, x, y),
      tag("path", { d: `${path}V${y.at(0)}Z`, class: "area" }), tag("path", { d: path, class: "line" }),
      tag("circle", { cx: x.at(ninety), cy: y.at(shares[ninety - 1]), r: 3.5, class: "accent-fill" }),
      text(Math.min(x.at(ninety) + 9, box.right - 4), y.at(shares[ninety - 1]) + 16, `90 % after ${ninety}`, { class: "label", ...anchor(x.at(ninety) > box.right - 110) }));
  });
  return section("Convergence", `The volume of objective space that the front dominates. 90 % of it was there after ${reach(90)} evaluations, 99 % after ${reach(99)}; a curve that still climbs at the end asks for a larger budget.`, plot);
}
