"""Draw report.png, the picture of the README: explore ResNet-18 and photograph its report.

Takes about a minute of search and needs Chromium or Chrome: `python docs/images/make.py`.
Given a report, as in `python docs/images/make.py out/report.html`, it only takes the photograph.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).with_name("report.png")
SIZE = "1280,1290"
ASKED = ["resnet18", "--limit", "area=2mm2", "--budget", "400", "--seed", "0"]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--virtual-time-budget=2000",
]  # fmt: skip


def explored(folder: Path) -> Path:
    """Explore with the command line; return the path of the report."""
    out = folder / "out"
    beside = Path(sys.executable).with_name("cosynth")
    subprocess.run([str(beside), "explore", *ASKED, "--out", str(out)], check=True)  # noqa: S603
    return out / "report.html"


def photographed(report: Path, profile: Path) -> None:
    """Write the picture of a report."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser = next((found for name in names if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("no Chromium is installed, so there is nothing to draw the report with")
    command = [browser, *FLAGS, f"--user-data-dir={profile}", f"--window-size={SIZE}"]
    subprocess.run(  # noqa: S603
        [*command, f"--screenshot={PICTURE}", report.resolve().as_uri()],
        check=True,
        stderr=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        given = [Path(argument) for argument in sys.argv[1:]]
        photographed(given[0] if given else explored(Path(place)), Path(place) / "profile")
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB")
