"""All benchmarks, one after the other: `python -m bench [NAME ...]`."""

from __future__ import annotations

import importlib.util
import pkgutil
import subprocess
import sys

import bench

NEED_TORCH = ("accuracy", "counts", "counts_images")
PARTS = ("nets", "training")  # of benchmarks, none of their own
FOUND = [m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_")]
NAMES = sorted(set(FOUND) - set(PARTS))
# they make environments or files of the repository; rivals takes an hour
ON_REQUEST = ("example", "formats", "rivals")


def main() -> int:
    """Run the named benchmarks, or all of them, each in a process of its own."""
    wanted = sys.argv[1:] or [name for name in NAMES if name not in ON_REQUEST]
    if not sys.argv[1:] and not importlib.util.find_spec("torch"):
        wanted = [name for name in wanted if name not in NEED_TORCH]
        print(f"left out for want of torch and transformers: {', '.join(NEED_TORCH)}")
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; known: {', '.join(NAMES)}")
        return 2
    failed = 0
    for name in wanted:
        print(f"== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
