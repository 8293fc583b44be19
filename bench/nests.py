"""Random loop nests counted in closed form and by walking: `python -m bench.nests`."""

from __future__ import annotations

import argparse
import time
from collections import Counter

from tests.mapping.test_traffic import compare


def main() -> None:
    """Print how many nests were compared, of which kinds on which trees, and every mismatch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="seed of the first nest")
    options = parser.parse_args()
    kinds: Counter[str] = Counter()
    trees: Counter[str] = Counter()
    mismatches = 0
    start = time.process_time()
    for seed in range(options.seed, options.seed + options.nests):
        kind, tree, wrong = compare(seed)
        kinds[kind] += 1
        trees[tree] += 1
        mismatches += bool(wrong)
        if wrong:
            print(f"seed {seed}, {kind} on {tree}: {wrong}")
    print(
        f"{options.nests} nests (seeds {options.seed} to {options.seed + options.nests - 1}),",
        end=" ",
    )
    print(f"{mismatches} mismatches, {time.process_time() - start:.1f} CPU s")
    print("kinds:", ", ".join(f"{name} {count}" for name, count in sorted(kinds.items())))
    print("trees:", ", ".join(f"{name} {count}" for name, count in sorted(trees.items())))


if __name__ == "__main__":
    main()
