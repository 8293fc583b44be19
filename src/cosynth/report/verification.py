"""Circuits of a front's designs as data."""

from __future__ import annotations

import math

from cosynth.codesign.front import Front, identity, stated_figures
from cosynth.codesign.verify import Verification
from cosynth.report.contract_verification import VerificationData


def verification_data(found: Front, made: Verification) -> VerificationData:
    """Return what circuits say of a front: the contract of `verification` in `front.json`."""
    measured = {one.record.number for one in made.checks}
    before = {record.number for record in found.members}
    return {
        "checks": [
            {
                "id": identity(one.record),
                "predicted": dict(one.predicted),
                "measured": dict(one.measured),
                "cycles": one.cycles,
                "bits": one.bits,
                "wrong": one.wrong,
                "host": one.host,
                "seconds": one.seconds,
            }
            for one in made.checks
        ],
        "refused": [{"id": identity(one.record), "why": one.why} for one in made.refused],
        "residuals": {
            name: {
                "error": model.error,
                "width": model.width if math.isfinite(model.width) else None,
            }
            for name, model in made.models.items()
        },
        "front": [
            {
                "id": identity(record),
                "measured": record.number in measured,
                "figures": stated_figures(record),
            }
            for record in made.front
        ],
        "stayed": sum(record.number in before for record in made.front),
    }
