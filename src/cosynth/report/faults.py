"""A campaign of faults as data."""

from __future__ import annotations

from cosynth import rtl
from cosynth.codesign.circuit import Circuit
from cosynth.report.contract_faults import HardenData, InjectData, RegisterData, ShareData
from cosynth.report.version import version


def inject_data(circuit: Circuit, found: rtl.Campaign, layer: str, seed: int) -> InjectData:
    """Return shares by class and kind, and registers by the failures they cause."""
    return {
        "cosynth": "faults",
        "model": circuit.model,
        "chip": circuit.chip.name,
        "layer": layer,
        "seed": seed,
        "faults": len(found.faults),
        "simulated": found.simulated,
        "cycles": sum(found.layers.values()) if not layer else found.layers[layer],
        "answer": _answer(found.answer),
        "outcomes": {name: _share(rtl.combined(found.strata, (name,))) for name in rtl.OUTCOMES},
        "strata": [
            {
                "kind": one.kind,
                "bits": one.bits,
                "faults": one.faults,
                "outcomes": {
                    name: _share(rtl.wilson(one.counts.get(name, 0), one.faults))
                    for name in rtl.OUTCOMES
                },
            }
            for one in found.strata
        ],
        "registers": [_register(one) for one in rtl.ranked(found) if one.faults],
        "unnamed": found.sites.unnamed,
        "rate": found.rate,
        "seconds": found.seconds,
        "version": version(),
    }


def _answer(answer: rtl.Answer) -> str:
    if answer.top1:
        return "same greatest element"
    return f"relative error of at most {answer.error:g}"


def _register(one: rtl.Vulnerable) -> RegisterData:
    return {
        "name": one.name,
        "kind": one.kind,
        "bits": one.bits,
        "faults": one.faults,
        "failures": _share(rtl.wilson(one.failures, one.faults)),
        "part": one.part,
    }


def _share(one: rtl.Share) -> ShareData:
    return {"share": one.value, "low": one.low, "high": one.high}


def harden_data(  # noqa: PLR0913 - what was measured, before and after
    circuit: Circuit,
    chosen: rtl.Protection,
    folder: str,
    budget: float,
    areas: tuple[float, float],
    before: rtl.Campaign,
    after: rtl.Campaign,
    run: rtl.Run,
) -> HardenData:
    """Return what is protected, and area, cycles and failures with and without."""
    shares = [rtl.combined(one.strata, rtl.FAILURES) for one in (before, after)]
    rates = [
        share.value * sum(stratum.bits for stratum in one.strata)
        for share, one in zip(shares, (before, after), strict=True)
    ]
    blocks = sorted({*chosen.registers, *chosen.checked, *chosen.memories})
    return {
        "cosynth": "protection",
        "model": circuit.model,
        "chip": circuit.chip.name,
        "folder": folder,
        "budget": budget,
        "area": areas[0],
        "added": areas[1] / areas[0] - 1,
        "cycles": sum(before.layers.values()),
        "protected_cycles": run.cycles,
        "wrong": run.wrong,
        "protected": [
            {
                "block": block,
                "registers": list(chosen.registers.get(block, ())),
                "checked": list(chosen.checked.get(block, ())),
                "memories": block in chosen.memories,
            }
            for block in blocks
        ],
        "before": _share(shares[0]),
        "after": _share(shares[1]),
        "detected": _share(rtl.combined(after.strata, (rtl.DETECTED,))),
        "residual": rates[1] / rates[0] if rates[0] else 0.0,
        "version": version(),
    }
