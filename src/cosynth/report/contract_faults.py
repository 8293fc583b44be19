"""What `inject --json` promises: what became of faults, and which registers are vulnerable."""

from __future__ import annotations

from typing import Annotated, TypedDict


class ShareData(TypedDict):
    """A share of faults with its 95 % interval."""

    share: float
    low: float
    high: float


class StratumData(TypedDict):
    """Faults of one kind of site, drawn uniformly over its bits and all cycles."""

    kind: Annotated[str, "flip-flop, configuration or memory"]
    bits: Annotated[int, "bits that there are of this kind"]
    faults: int
    outcomes: Annotated[dict[str, ShareData], "by class: masked, tolerable, wrong, hang, detected"]


class RegisterData(TypedDict):
    """One register of a block, all its instances together."""

    name: Annotated[str, "block and register, or a memory's place"]
    kind: str
    bits: Annotated[int, "of all instances"]
    faults: int
    failures: Annotated[ShareData, "of its faults, wrong answers and hangs; Wilson's interval"]
    part: Annotated[float, "of all failures of the chip, the estimated share"]


class InjectData(TypedDict):
    """The document of `cosynth inject --json`."""

    cosynth: Annotated[str, "always: faults"]
    model: str
    chip: str
    layer: Annotated[str, "where faults were put; empty for anywhere"]
    seed: int
    faults: Annotated[int, "flips that were drawn"]
    simulated: Annotated[int, "of these; the others lay in words that are never read"]
    cycles: Annotated[int, "of the layers with faults, without a fault"]
    answer: Annotated[str, "what decides whether an output that differs is tolerable"]
    outcomes: Annotated[dict[str, ShareData], "of a flip anywhere: kinds weighted by their bits"]
    strata: list[StratumData]
    registers: Annotated[list[RegisterData], "by the failures they cause, most first"]
    unnamed: Annotated[int, "flip-flops of synthesis that the model lacks: copies of addresses"]
    rate: Annotated[float, "faults simulated per second of wall time"]
    seconds: Annotated[float, "wall time of all faults"]
    version: str


class ProtectedData(TypedDict):
    """What is protected in one block, in all its instances."""

    block: str
    registers: Annotated[list[str], "registers that are kept three times"]
    checked: Annotated[list[str], "registers with a parity that raises the alarm"]
    memories: Annotated[bool, "whether its memories are corrected"]


class HardenData(TypedDict):
    """The document of `cosynth harden --json`."""

    cosynth: Annotated[str, "always: protection"]
    model: str
    chip: str
    folder: str
    budget: Annotated[float, "of the area without protection"]
    area: Annotated[float, "m2 without protection: gates, and memories by the SRAM law"]
    added: Annotated[float, "of that area, measured by synthesis"]
    cycles: Annotated[int, "of the network, without protection"]
    protected_cycles: Annotated[int, "with it"]
    wrong: Annotated[int, "bits that differ from the NumPy twin's, without a fault"]
    protected: list[ProtectedData]
    before: Annotated[ShareData, "failures of a flip anywhere, without protection"]
    after: Annotated[ShareData, "the same with protection, of other flips"]
    detected: Annotated[ShareData, "of those flips, that raise the alarm, whatever would have come"]
    residual: Annotated[float, "failures at an equal rate of flips for each bit, of those before"]
    version: str
