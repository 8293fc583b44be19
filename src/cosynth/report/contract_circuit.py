"""What `simulate --json` and `synthesize --json` promise: cycles, bits and area."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict


class RanLayerData(TypedDict):
    """A layer on the simulated circuit."""

    name: str
    cycles: Annotated[int, "counted by the circuit, from start to last response"]
    searched: Annotated[float, "cycles that a search reckons with, from the mapping"]
    predicted: Annotated[float, "cycles of the cost model for the program"]
    bits: Annotated[int, "bits of its output that were compared"]
    wrong: Annotated[int, "bits that differ from the NumPy twin's"]
    words: Annotated[int, "words of its program"]
    counters: Annotated[dict[str, int], "cycles in which each event of the chip was"]


class UnitData(TypedDict):
    """Commands of one unit in a program."""

    unit: str
    about: Annotated[str, "what the unit does"]
    commands: int
    words: Annotated[int, "that set its registers or start it"]


class ProgramData(TypedDict):
    """The document of `cosynth show FILE.bin --json`: a layer's program."""

    cosynth: Annotated[str, "always: program"]
    words: int
    units: list[UnitData]
    listing: Annotated[list[str], "one line for each word"]


class FallbackData(TypedDict):
    """What the host computes, and why."""

    name: str
    reason: str


class GenerateData(TypedDict):
    """The document of `cosynth generate --json`."""

    cosynth: Annotated[str, "always: generation"]
    model: str
    chip: str
    folder: str
    layers: Annotated[list[str], "layers on the array, in order"]
    own: Annotated[int, "layers that follow the design's own mappings"]
    words: Annotated[int, "words of program"]
    weights: Annotated[str, "drawn, or of the file"]
    scales: NotRequired[Annotated[str, "what scales of blocks are, where the format has them"]]
    wraps: NotRequired[Annotated[str, "layers whose sums leave the accumulator"]]
    host: list[FallbackData]
    version: str


class SimulateData(TypedDict):
    """The document of `cosynth simulate --json`."""

    cosynth: Annotated[str, "always: simulation"]
    model: str
    chip: str
    cycles: Annotated[int, "of all layers on the array"]
    searched: Annotated[float, "cycles that a search reckons with, from the mappings"]
    predicted: Annotated[float, "cycles of the cost model for the programs"]
    bits: Annotated[int, "bits compared"]
    wrong: Annotated[int, "bits that differ"]
    rate: Annotated[float, "simulated cycles per second of wall time"]
    frequency: Annotated[float, "Hz"]
    scales: NotRequired[Annotated[str, "what scales of blocks are, where the format has them"]]
    wraps: NotRequired[Annotated[str, "layers whose sums leave the accumulator"]]
    layers: list[RanLayerData]
    host: list[FallbackData]
    version: str


class BlockData(TypedDict):
    """All instances of one block of the circuit, without the blocks inside it."""

    name: str
    instances: int
    gates: Annotated[float, "NAND2 equivalents of all instances"]
    flip_flops: int


class MacroData(TypedDict):
    """Memories that synthesis leaves to a memory compiler."""

    name: str
    words: int
    bits: Annotated[int, "of a word"]
    count: int
    area: Annotated[float, "m2 by the SRAM law"]


class SynthesizeData(TypedDict):
    """The document of `cosynth synthesize --json`."""

    cosynth: Annotated[str, "always: synthesis"]
    chip: str
    target: str
    gates: Annotated[float, "NAND2 equivalents of the logic"]
    flip_flops: int
    logic: Annotated[float, "m2 of the logic at the chip's technology"]
    predicted: Annotated[float, "m2 of the logic by the cost model: units, registers, vector unit"]
    memories: Annotated[float, "m2 of the macros by the SRAM law"]
    blocks: list[BlockData]
    macros: list[MacroData]
    device: Annotated[
        dict[str, float], "what a placed device used, and its highest frequency in Hz"
    ]
    version: str
