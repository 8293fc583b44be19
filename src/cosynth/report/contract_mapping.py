"""What `cosynth map --json` promises: mappings, their proofs, and what they do with each memory."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from cosynth.report.contract import FormatData, OrUnlimited


class UseData(TypedDict):
    """One tensor at one memory, for all copies of one layer."""

    level: Annotated[str, "memory"]
    tensor: str
    part: Annotated[str, "input, weight, output, or passing: added to the output as it drains"]
    read: Annotated[float, "bytes that leave the memory"]
    written: Annotated[float, "bytes that enter it"]
    held: Annotated[float, "bytes in one instance, two tiles where it is double buffered"]
    share: Annotated[float, "of its size that they take, 0 to 1; 0 where it is unlimited"]
    double_buffered: bool


class ProofData(TypedDict):
    """What is known of the optimum."""

    bound: Annotated[float, "no mapping of the space is below, in the unit of the objective"]
    gap: Annotated[OrUnlimited, "objective divided by the bound, less one; 0 is proven optimal"]
    nodes: Annotated[int, "bounds that were computed"]
    cuts: Annotated[list[str], "by which argument how much was not looked at"]
    left_out: Annotated[list[str], "what the space does not hold"]


class TradeData(TypedDict):
    """A mapping that none beats in both latency and energy."""

    latency: Annotated[float, "s"]
    energy: Annotated[float, "J of accesses and operations"]
    utilisation: Annotated[float, "share of compute capacity that does work, 0 to 1"]
    gap: Annotated[OrUnlimited, "of its energy to the least at this latency"]
    mapping: Annotated[list[str], "the loop nest, line by line"]


class StepData(TypedDict):
    """A loop in time above a memory."""

    rank: str
    trips: int
    shown: Annotated[int, "of them that are drawn, the first"]


class StayData(TypedDict):
    """A tile in a memory."""

    start: Annotated[int, "step at which it enters"]
    length: Annotated[int, "steps that it stays"]
    tile: Annotated[list[int], "its place along the loops that move it"]
    again: Annotated[bool, "whether it has been there before"]


class LaneData(TypedDict):
    """One tensor at one memory, over the steps that are drawn."""

    tensor: str
    loads: Annotated[int, "tiles that enter in the whole run of one copy"]
    stays: list[StayData]


class TimelineData(TypedDict):
    """Tiles over time at one memory."""

    level: Annotated[str, "memory"]
    steps: Annotated[list[StepData], "loops above it, outermost first"]
    lanes: list[LaneData]


class MappedLayerData(TypedDict):
    """One class of equal layers: figures are of all copies of one of its `count` groups."""

    name: Annotated[str, "of the first of them"]
    operators: Annotated[list[str], "what it was in the model, in order of execution"]
    count: Annotated[int, "equal groups; each of them may itself be `repeat` copies"]
    repeat: int
    engine: Annotated[str, "compute unit it runs on"]
    einsum: Annotated[str, "what is computed, in the notation of Cosynth"]
    sizes: Annotated[dict[str, int], "rank -> size"]
    formats: Annotated[dict[str, str], "operand -> format"]
    value: Annotated[float, "what was minimised: s, J, J s, bytes or their weighted sum"]
    latency: Annotated[float, "s"]
    energy: Annotated[float, "J of accesses and operations"]
    utilisation: Annotated[float, "share of compute capacity that does work, 0 to 1"]
    limit: Annotated[str, "part that is busy longest"]
    proof: ProofData
    mapping: Annotated[list[str], "the loop nest, line by line"]
    uses: Annotated[list[UseData], "by memory, outermost first, and tensor"]
    timeline: Annotated[list[TimelineData], "by memory, outermost first"]
    front: Annotated[list[TradeData], "fastest first; empty unless it was asked for"]


class GroupData(TypedDict):
    """Layers that run as one."""

    names: Annotated[list[str], "einsums, in order"]
    latency: Annotated[float, "s"]
    energy: Annotated[float, "J of accesses and operations"]
    alone: Annotated[
        list[OrUnlimited], "s and J of its layers without fusion; null where it cuts one"
    ]
    fused: Annotated[bool, "whether it is more than one layer"]
    block: Annotated[int, "positions a softmax takes at a time in one pass; 0 where none does"]
    nest: Annotated[list[str], "the fused nest, or that of the one layer, line by line"]


class FusionData(TypedDict):
    """The best way found to cut the order of execution into groups."""

    latency: Annotated[float, "s"]
    energy: Annotated[float, "J of accesses and operations"]
    alone: Annotated[list[float], "s and J of all layers without fusion"]
    groups: list[GroupData]
    left_out: Annotated[list[str], "what was not tried"]


class MapData(TypedDict):
    """Mappings of a model, or of one layer: what `cosynth map --json` prints."""

    cosynth: Annotated[str, "mapping"]
    model: str
    hardware: str
    formats: FormatData
    objective: Annotated[str, "what was minimised, layer by layer"]
    limits: Annotated[list[str], "shares that no mapping exceeds"]
    value: Annotated[float, "what was minimised, summed over all layers"]
    bound: Annotated[float, "what no mappings of these layers can beat, summed"]
    gap: Annotated[OrUnlimited, "value divided by bound, less one"]
    latency: Annotated[float, "s of all layers, one after the other"]
    energy: Annotated[float, "J of accesses and operations"]
    layers: list[MappedLayerData]
    fusion: NotRequired[FusionData]
    version: str
