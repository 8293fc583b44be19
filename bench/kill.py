"""Kill a study at random moments, resume it, count what is lost: `python -m bench.kill`."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cosynth.search import Budget, Record, Study, header_of, optimiser, run, workers
from cosynth.testing.problems import Toy

EVALUATIONS = 320
BATCH = 16


class SlowToy(Toy):
    """The toy accelerator, at the pace of a real one."""

    def evaluate(self, points):
        time.sleep(0.001 * len(points))
        return Toy.evaluate(self, points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one study went through."""

    kills: int
    reported: int
    lost: int
    equal: bool


def search(path: Path, processes: int, report: bool) -> list[Record]:
    """Start or continue the study; say the number and objectives of each evaluation when told."""
    problem = SlowToy(largest_area=3.0)
    searcher = optimiser("descent", problem, seed=7)
    header = header_of(problem, searcher, BATCH)
    begin = Study.resume if path.exists() and path.stat().st_size else Study.create

    def say(progress) -> None:
        for each in progress.records:
            sys.stdout.write(f"{each.number} {each.evaluation.objectives!r}\n")
        sys.stdout.flush()

    with begin(path, header) as study, workers(processes) as executor:
        budget = Budget(evaluations=EVALUATIONS)
        return run(problem, searcher, study, budget, executor, say if report else None)


def trial(
    directory: Path, expected: list[Record], seed: int, processes: int, longest: float
) -> Trial:
    """Kill until the study is done; compare with the study that nobody disturbed."""
    path = directory / f"study-{seed}.sqlite"
    luck = random.Random(seed)
    kills, reported, lost = 0, 0, 0
    while True:
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "bench.kill",
                "--child",
                str(path),
                "--processes",
                str(processes),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            said, _ = child.communicate(timeout=luck.uniform(0.3, longest))
            done = child.returncode == 0
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            said, _ = child.communicate()
            done, kills = False, kills + 1
        stored: dict[str, str] = {}
        if path.exists() and said:
            with Study.read(path) as study:
                stored = {str(e.number): repr(e.evaluation.objectives) for e in study.records()}
        lines = [
            line.split(" ", 1) for line in said.splitlines(keepends=True) if line.endswith("\n")
        ]
        reported += len(lines)
        lost += sum(stored.get(number) != text.strip() for number, text in lines)
        if done:
            break
        if child.returncode not in {0, -signal.SIGKILL}:
            raise SystemExit(f"seed {seed}: the study ended with {child.returncode}")
    with Study.read(path) as study:
        equal = _essence(study.records()) == _essence(expected)
    return Trial(kills=kills, reported=reported, lost=lost, equal=equal)


def _essence(records: list[Record]) -> list[tuple[object, ...]]:
    return [(each.number, each.batch, each.point, each.evaluation) for each in records]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--longest", type=float, default=1.2, help="seconds until a kill, at most")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        search(arguments.child, arguments.processes, report=True)
        return
    directory = Path(tempfile.mkdtemp())
    try:
        expected = search(directory / "undisturbed.sqlite", 1, report=False)
        trials = []
        for seed in range(arguments.seed, arguments.seed + arguments.trials):
            trials.append(trial(directory, expected, seed, arguments.processes, arguments.longest))
            print(f"seed {seed}: {trials[-1]}")
    finally:
        shutil.rmtree(directory)
    print(
        f"{len(trials)} trials, {sum(t.kills for t in trials)} kills,"
        f" {sum(t.reported for t in trials)} evaluations reported,"
        f" {sum(t.lost for t in trials)} lost, {sum(not t.equal for t in trials)} results differ"
    )


if __name__ == "__main__":
    main()
