"""A campaign of faults as data."""

from __future__ import annotations

from cosynth import rtl
from cosynth.codesign.circuit import Circuit
from cosynth.report.contract_faults import InjectData, RegisterData, ShareData
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
        "cycles": sum(found.layers.values()) if not layer else found.layers[layer],
        "answer": _answer(found.answer),
        "outcomes": {
            name: _share(rtl.combined(found.strata, (name,))) for name in rtl.OUTCOMES
        },
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
        "registers": [_register(one) for one in rtl.ranked(found)],
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
