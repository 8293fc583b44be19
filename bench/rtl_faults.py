"""Faults in an NPU of Ethos-U55's size, and what protection saves: `python -m bench.rtl_faults`.

The chip is `docs/examples/npu-128.toml` and runs ResNet-8 on one drawn image. Prints shares by
class with 95 % intervals and flips a second; then registers are kept three times for 5, 10 and 25 %
of the chip's area, or given a parity that raises an alarm (`python -m bench.rtl_faults 900
detected`), and area (by synthesis), cycles and failures are measured again with other
flips, in flip-flops alone: memories are commonly protected by a code, which is priced apart. Takes
a quarter of an hour; `python -m bench.rtl_faults 2000` flips more.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import cosynth as cs
from cosynth import rtl
from cosynth.codesign import circuit
from cosynth.codesign.circuit import Circuit

CHIP = Path(__file__).parents[1] / "docs" / "examples" / "npu-128.toml"
FLIPS = 900
LOGIC = ("flip-flop", "configuration")
BUDGETS = (0.05, 0.10, 0.25)
# most of the flips in a chip of the highest automotive class that may fail: ISO 26262-5, table 4,
# single-point fault metric of ASIL D
ASIL_D = 0.01


def share(one: rtl.Share) -> str:
    return f"{one.value:6.2%} ({one.low:.2%} to {one.high:.2%})"


def load(found: rtl.Campaign) -> float:
    """Bits of flip-flops, each counted by how often its flip fails."""
    strata = [one for one in found.strata if one.kind in LOGIC]
    return rtl.combined(strata, rtl.FAILURES).value * sum(one.bits for one in strata)


def show_classes(found: rtl.Campaign) -> None:
    for one in found.strata:
        print(f"\n{one.kind}: {one.bits:,} bits, {one.faults:,} flips")
        for name in rtl.OUTCOMES[:-1]:
            print(f"  {name:10} {share(rtl.wilson(one.counts.get(name, 0), one.faults))}")
    print("\nany bit")
    for name in rtl.OUTCOMES[:-1]:
        print(f"  {name:10} {share(rtl.combined(found.strata, (name,)))}")
    print(f"\n{found.rate:.1f} flips simulated a second,"
          f" {sum(one.cycles for one in found.faults) / max(found.simulated, 1):,.0f} of"
          f" {sum(found.layers.values()):,} cycles each\n")  # fmt: skip


def protect(
    made: Circuit, before: rtl.Campaign, among: list[rtl.Option], area: float, budget: float,
    flips: int,
) -> None:  # fmt: skip
    chosen = rtl.chosen_protection(among, budget * area)
    with tempfile.TemporaryDirectory() as place:
        files = rtl.harden(
            rtl.sources("chip"), chosen.registers, (), Path(place), checked=chosen.checked
        )
        run = made.simulate(sources=files)
        grown = rtl.silicon_area(
            rtl.synthesise(files, "chip", made.chip.parameters()), made.hardware.technology
        )
        after = made.inject(flips, sources=files, seed=1, kinds=LOGIC)
    found = rtl.combined(after.strata, rtl.FAILURES)
    told = rtl.combined(after.strata, (rtl.DETECTED,))
    kept, checked = (sum(map(len, names.values())) for names in (chosen.registers, chosen.checked))
    print(
        f"{budget:4.0%}  area +{grown / area - 1:5.1%}, {run.cycles:,} cycles, {run.wrong} bits"
        f" wrong, {kept} registers kept three times, {checked} with a parity"
        f"\n      flips in flip-flops that fail"
        f" {share(found)}, that raise the alarm {share(told)};"
        f" failures left {load(after) / load(before):.0%}"
        f" (expected {chosen.left:.0%}); {after.rate:.1f} flips a second",
        flush=True,
    )


def main() -> None:
    flips = int(sys.argv[1]) if sys.argv[1:] else FLIPS
    by_parity = "detected" in sys.argv[2:]
    made = circuit.generate(cs.load("resnet8"), cs.hardware(str(CHIP)))
    parameters, node = made.chip.parameters(), float(made.hardware.technology)
    files = rtl.sources("chip")
    found = rtl.synthesise(files, "chip", parameters)
    area = rtl.silicon_area(found, node)
    print(f"{made.chip.name}: {found.gates:,.0f} NAND2, {found.flip_flops:,} flip-flops,"
          f" {area * 1e6:.3f} mm2 with memories", flush=True)  # fmt: skip
    before = made.inject(flips)
    show_classes(before)
    among = list(rtl.options(before, files, "chip", parameters, node))
    registers = [one for one in among if one.register]
    if by_parity:
        registers = list(rtl.with_parity(registers, files, node))
    codes = sum(one.area for one in among if not one.register)
    for one in rtl.ranked(before)[:10]:
        print(f"  {one.name:28} {one.bits:8,} bits  {one.failures:3} of {one.faults:4} fail,"
              f" {one.part:4.0%} of all")  # fmt: skip
    logic = [one for one in before.strata if one.kind in LOGIC]
    unprotected = share(rtl.combined(logic, rtl.FAILURES))
    print(f"\nflips in flip-flops that fail, unprotected: {unprotected}"
          f"\na code for all memories: +{codes / area:.1%} area\n", flush=True)  # fmt: skip
    for budget in BUDGETS:
        protect(made, before, registers, area, budget, flips // 2)
    allowed = ASIL_D * sum(one.bits for one in logic) / load(before)
    needed = next(
        step
        for step in range(1, 201)
        if rtl.chosen_protection(registers, step / 100 * area).left <= allowed
    )
    print(f"\n{ASIL_D:.0%} of flips in flip-flops failing: expected at +{needed} % area"
          " (published for Ethos-U55 and ASIL D: +38 %)")  # fmt: skip


if __name__ == "__main__":
    main()
