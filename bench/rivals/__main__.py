"""Run the comparison and print its table: `python -m bench.rivals [PROBLEM ...]`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from bench.rivals.environment import ACCELFORGE, HERE, ZIGZAG, Limits, python_of
from bench.rivals.problems import PROBLEMS, problem
from bench.rivals.tools import TOOLS, Row, measure


def main() -> int:
    """Measure every tool on every problem asked for; 1 if a rival's mapping beats ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help=", ".join(PROBLEMS))
    parser.add_argument("--tools", nargs="+", default=list(TOOLS), choices=list(TOOLS))
    parser.add_argument("--environments", type=Path, default=HERE.parent / ".environments")
    parser.add_argument(
        "--seconds", type=float, default=300, help="CPU seconds for each tool and problem"
    )
    parser.add_argument("--gigabytes", type=float, default=12, help="memory of each tool")
    parser.add_argument("--json", type=Path, help="write everything measured here")
    options = parser.parse_args()
    unknown = [name for name in options.problems if name not in PROBLEMS]
    if unknown:
        parser.error(f"no problem {', '.join(unknown)}; known: {', '.join(PROBLEMS)}")
    pythons = {
        tool.folder: python_of(tool, options.environments.absolute())
        for tool in (ACCELFORGE, ZIGZAG)
        if any(TOOLS[name].tool is tool for name in options.tools)
    }
    limits = Limits(seconds=options.seconds, memory=options.gigabytes * 1e9)
    print(
        f"CPU seconds, at most {limits.seconds:g} and {options.gigabytes:g} GB; EDP in J s;"
        f" {os.cpu_count()} cores"
    )
    print(HEAD)
    rows: list[Row] = []
    for name in options.problems or PROBLEMS:
        asked = problem(name)
        print(f"{asked.title} ({sum(work.count for work in asked.works)} einsums)")
        ours: Row | None = None
        for tool in ("cosynth", *(one for one in options.tools if one != "cosynth")):
            rows.append(measure(tool, asked, pythons, limits, ours))
            ours = ours or rows[-1]
            print(line(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    worse = [f"{row.problem} against {row.tool}" for row in rows if row.worse]
    for text in worse:
        print("OURS IS WORSE:", text)
    return 1 if worse else 0


HEAD = (
    f"  {'tool':18} {'with imports':>12} {'cold':>9} {'warm':>9} {'x cold':>8} {'x warm':>8}"
    f" {'own EDP':>11} {'our count':>11} {'of ours':>8}  remarks"
)


def line(row: Row) -> str:
    """One row of the table."""

    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return (
        f"  {row.tool:18} {number(row.fresh, '12.2f'):>12} {number(row.cold, '9.3f'):>9}"
        f" {number(row.warm, '9.3f'):>9} {number(row.times_cold, '8,.0f'):>8}"
        f" {number(row.times_warm, '8,.0f'):>8} {number(row.own, '11.4e'):>11}"
        f" {number(row.counted, '11.4e'):>11} {number(row.ratio, '8.4f'):>8}  {row.remarks}"
    )


if __name__ == "__main__":
    sys.exit(main())
