// Designs that became circuits: what was searched beside what the circuit shows.
function verifiedSection({ data }) {
  const made = data.verification;
  if (!made || !(made.checks.length || made.refused.length)) return null;
  const shown = (name) => [
    { title: `${name} searched`, number: true, value: (each) => each.predicted[name], cell: (each) => show(each.predicted[name], name) },
    { title: `${name} of the circuit`, number: true, value: (each) => each.measured[name], cell: (each) => show(each.measured[name], name) },
    { title: "off", number: true, value: (each) => each.measured[name] / each.predicted[name] - 1, cell: (each) => `${(100 * (each.measured[name] / each.predicted[name] - 1)).toFixed(0)} %` },
  ];
  const columns = [
    { title: "design", value: (each) => each.id, cell: (each) => tag("a", { href: address(each.id) }, each.id) },
    ...shown("latency"), ...shown("area"),
    { title: "cycles", number: true, value: (each) => each.cycles, cell: (each) => digits(each.cycles, 9) },
    { title: "wrong bits", number: true, value: (each) => each.wrong, cell: (each) => `${digits(each.wrong, 9)} of ${digits(each.bits, 9)}` },
  ];
  const errors = Object.entries(made.residuals).filter(([, one]) => one.error !== null);
  const told = errors.map(([name, one]) => `${name} to ${(100 * one.error).toFixed(0)} %`).join(", ");
  const note = [
    `${plural(made.checks.length, "design")} of the front became circuits that were simulated bit by bit and synthesised. `,
    "Other designs are corrected by what these show", told && ` (${told}, each told from the others)`,
    `: of the front's ${data.front.length}, ${made.stayed} stay, and it has ${made.front.length} now. Energy is not measured.`,
  ].join("");
  return section("Circuits", made.checks.length ? note : "No design of the front could become a circuit.",
    made.checks.length > 0 && table("Designs that became circuits", columns, made.checks),
    made.refused.map((each) => tag("p.note", `${each.id} has no circuit: ${each.why}`)));
}
