"""What `--json` promises: every key with its type, unit and meaning. SI units throughout.

The JSON Schemas of `cosynth schema` are made from these types, so contract and check cannot differ.
"""

from __future__ import annotations

from typing import Annotated, NotRequired, TypeAlias, TypedDict

from cosynth.report.contract_verification import VerificationData

Value: TypeAlias = str | int | float | bool
OrUnlimited: TypeAlias = float | None  # null: unlimited, or not a number


class FigureData(TypedDict):
    """The figures a design is judged by."""

    latency: Annotated[OrUnlimited, "s, one run of every model"]
    energy: Annotated[OrUnlimited, "J, one run of every model, static power included"]
    area: Annotated[OrUnlimited, "m2 of silicon"]
    power: Annotated[OrUnlimited, "W, average over the run"]
    edp: Annotated[OrUnlimited, "J s, energy times latency"]
    error: Annotated[OrUnlimited, "root-mean-square, of a product of Gaussian tensors, over theirs"]


class BoundData(TypedDict):
    """What no mapping can beat on this hardware."""

    latency: Annotated[float, "s: compute roofline and compulsory traffic"]
    energy: Annotated[float, "J: operations and compulsory traffic, without static power"]
    area: Annotated[float, "m2: as built, no mapping changes it"]
    power: Annotated[float, "W that are drawn whatever runs"]
    compute: Annotated[float, "s at full use of every unit"]
    traffic: Annotated[float, "s to move each operand once"]


class PartData(TypedDict):
    """One resource. Dynamic energies of all parts and `leakage` over the run sum to `energy`."""

    name: str
    kind: Annotated[str, "memory, link, compute, vector, serial or overhead"]
    time: Annotated[float, "s in which it is busy"]
    energy: Annotated[float, "J of its accesses or operations"]
    read: Annotated[float, "bytes"]
    written: Annotated[float, "bytes"]
    area: Annotated[float, "m2 over all its instances; 0 in a layer"]
    leakage: Annotated[float, "W over all its instances; 0 in a layer"]


class FormatData(TypedDict):
    """Number formats by role of a tensor."""

    weights: str
    activations: str
    states: str
    layers: Annotated[dict[str, list[str]], "layer -> its own formats: weights, activations"]


class LayerData(TypedDict):
    """Equal execution groups together: figures are sums over all `count` of them."""

    name: Annotated[str, "of the first of them"]
    operators: Annotated[list[str], "what it was in the model, in order of execution"]
    count: Annotated[int, "equal groups; each of them may itself be `repeat` copies"]
    repeat: int
    engine: Annotated[str, "compute unit it runs on"]
    einsum: Annotated[str, "what is computed, in the notation of Cosynth"]
    sizes: Annotated[dict[str, int], "rank -> size"]
    formats: Annotated[dict[str, str], "operand -> format"]
    latency: Annotated[float, "s"]
    energy: Annotated[float, "J; static power is shared out by latency"]
    dynamic_energy: Annotated[float, "J of accesses and operations"]
    area: Annotated[float, "m2: that of the chip"]
    power: Annotated[float, "W, average while it runs"]
    operations: Annotated[int, "multiply-accumulates, one each"]
    vector_operations: Annotated[int, "all other scalar operations"]
    parameters: Annotated[int, "elements of the weights it reads, after folding"]
    bytes: Annotated[dict[str, int], "role -> bytes of the operands, each once"]
    bound: BoundData
    limit: Annotated[str, "part that is busy longest"]
    utilisation: Annotated[float, "share of compute capacity that did work, 0 to 1"]
    gap: Annotated[OrUnlimited, "objective divided by its bound, less one"]
    mapping: Annotated[list[str], "the loop nest, line by line"]
    parts: list[PartData]


class DimensionData(TypedDict):
    """One dimension of an array of instances."""

    name: str
    size: int
    multicast: list[str]
    reduce: bool
    serial: list[str]
    ranks: list[str]


class NodeData(TypedDict):
    """A component of the hardware tree; `kind` decides which keys it has. Numbers per instance."""

    name: str
    kind: Annotated[str, "memory, array, link or compute"]
    instances: Annotated[int, "copies of it on the chip"]
    by_law: Annotated[list[str], "keys whose numbers come from a component law"]
    assumed: Annotated[list[str], "keys whose numbers have no source"]
    children: list[NodeData]
    law: NotRequired[str]
    size: NotRequired[Annotated[OrUnlimited, "bytes; null is unlimited"]]
    read_bandwidth: NotRequired[Annotated[OrUnlimited, "B/s; null is unlimited"]]
    write_bandwidth: NotRequired[Annotated[OrUnlimited, "B/s; null is unlimited"]]
    shared_port: NotRequired[bool]
    contiguous: NotRequired[bool]
    slides: NotRequired[bool]
    width: NotRequired[Annotated[float, "bits that one access moves"]]
    keeps: NotRequired[list[str]]
    double_buffered: NotRequired[bool]
    read_energy: NotRequired[Annotated[float, "J per access of `width` bits"]]
    write_energy: NotRequired[Annotated[float, "J per access of `width` bits"]]
    area: NotRequired[Annotated[float, "m2"]]
    leakage: NotRequired[Annotated[float, "W"]]
    dimensions: NotRequired[list[DimensionData]]
    bandwidth: NotRequired[Annotated[OrUnlimited, "B/s of a link; null is unlimited"]]
    length: NotRequired[Annotated[float, "m of a link"]]
    energy: NotRequired[Annotated[float, "J per bit of a link, per operation of a compute unit"]]
    does: NotRequired[Annotated[str, "mac or vector"]]
    rates: NotRequired[Annotated[dict[str, float], "format -> operations a cycle"]]
    accumulator: NotRequired[str]
    unit: NotRequired[Annotated[str, "multiplier, decoded, lookup, serial or mux"]]
    tree: NotRequired[Annotated[float, "units that share an accumulator; absent: each has its own"]]


class HardwareData(TypedDict):
    """A chip: what `cosynth show HW --json` prints."""

    cosynth: Annotated[str, "hardware"]
    name: str
    title: str
    family: str
    technology: Annotated[float, "m"]
    voltage: Annotated[float | None, "V; null is the nominal supply of the technology"]
    frequency: Annotated[float, "Hz"]
    overhead_power: Annotated[float, "W drawn whatever runs"]
    overhead_area: Annotated[float, "m2 that no component accounts for"]
    area: Annotated[float, "m2 of silicon"]
    static_power: Annotated[float, "W drawn whatever runs, leakage included"]
    peak: Annotated[float, "multiply-accumulates a second, all units busy"]
    tree: list[NodeData]
    sources: list[str]
    assumed: Annotated[list[str], "keys whose numbers have no source"]
    notes: list[str]
    citations: Annotated[list[str], "papers behind the laws that price its components"]
    version: str


class RoofData(TypedDict):
    """What a roofline is drawn from."""

    operations: Annotated[float, "multiply-accumulates a second, all units busy"]
    memories: Annotated[dict[str, OrUnlimited], "memory -> B/s over all its instances"]


class EstimateData(TypedDict):
    """A model on hardware: what `cosynth estimate --json` prints."""

    cosynth: Annotated[str, "estimate"]
    model: str
    hardware: str
    formats: FormatData
    objective: Annotated[str, "what was asked of the mapper: latency, energy or edp"]
    latency: Annotated[float, "s of one run"]
    energy: Annotated[float, "J of one run, static power included"]
    dynamic_energy: Annotated[float, "J of accesses and operations"]
    area: Annotated[float, "m2 of silicon"]
    power: Annotated[float, "W, average over the run"]
    static_power: Annotated[float, "W drawn whatever runs"]
    edp: Annotated[float, "J s"]
    operations: Annotated[int, "multiply-accumulates, one each"]
    vector_operations: Annotated[int, "all other scalar operations"]
    parameters: Annotated[int, "elements of all weights"]
    bytes: Annotated[dict[str, int], "role -> bytes of the model's tensors"]
    bound: BoundData
    limit: Annotated[str, "part that is busy longest over the run"]
    utilisation: Annotated[float, "share of multiply-accumulate capacity that did work, 0 to 1"]
    roof: RoofData
    parts: list[PartData]
    layers: list[LayerData]
    tree: list[NodeData]
    sources: list[str]
    assumed: Annotated[list[str], "keys of the hardware whose numbers have no source"]
    notes: list[str]
    citations: Annotated[list[str], "papers behind the numbers: model, hardware, laws"]
    version: str


class LimitData(TypedDict):
    """A limit of an exploration."""

    text: str
    figure: str
    most: Annotated[float, "SI"]


class ParameterData(TypedDict):
    """One parameter of the space; `values` are all it may take where these are at most 64."""

    name: str
    kind: Annotated[str, "integer, power, category or real"]
    dimension: Annotated[str, "what it measures: bytes, bandwidth, ... or number"]
    count: int
    low: OrUnlimited
    high: OrUnlimited
    scale: Annotated[str, "linear or log"]
    values: list[Value]
    doc: str


class EvaluationData(TypedDict):
    """One point that was tried."""

    number: int
    point: dict[str, Value]
    feasible: bool
    elapsed: Annotated[float, "s since the search began"]
    figures: Annotated[FigureData | None, "null where it cannot run"]
    why: Annotated[str | None, "why it cannot run"]
    broken: Annotated[dict[str, float], "limit -> by how much it is exceeded, as a share"]


class MemberData(TypedDict):
    """A member of the Pareto front."""

    id: Annotated[str, "key of `designs`, and the name of its file"]
    number: Annotated[int, "its evaluation"]
    point: dict[str, Value]
    figures: FigureData


class VolumeData(TypedDict):
    """Convergence: the volume that the front dominates, after each evaluation."""

    reference: Annotated[list[float], "the corner it is measured from, in the objectives' order"]
    values: Annotated[list[float], "after the first, second, ... evaluation; none without a front"]


class ExploreData(TypedDict):
    """A search: what `cosynth explore --json` prints and `front.json` holds."""

    cosynth: Annotated[str, "exploration"]
    models: list[str]
    formats: Annotated[str, "of what the space leaves open"]
    family: str
    objectives: Annotated[list[str], "figures that are minimised"]
    limits: list[LimitData]
    space: list[ParameterData]
    seed: int
    optimiser: str
    elapsed: Annotated[float, "s of search"]
    evaluations: list[EvaluationData]
    front: Annotated[list[MemberData], "by the first objective, best first"]
    knee: Annotated[str | None, "member nearest to the best of everything; null without a front"]
    hypervolume: VolumeData
    designs: Annotated[
        dict[str, dict[str, EstimateData]],
        "members of the front, at most 40: id -> model -> estimate",
    ]
    verification: NotRequired[Annotated[VerificationData, "with --verify"]]
    citations: list[str]
    version: str


class RowData(TypedDict):
    """A layer as a person reads it: an operator with what is applied to its output."""

    name: str
    operators: list[str]
    shape: Annotated[list[int], "of its output"]
    operations: Annotated[int, "multiply-accumulates of all repetitions"]
    vector_operations: int
    parameters: Annotated[int, "elements of weights that are read here first"]


class BlockData(TypedDict):
    """Layers that occur `times`, one after the other; figures are of all of them together."""

    times: int
    layers: list[RowData]


class ModelData(TypedDict):
    """A model: what `cosynth show MODEL --json` prints."""

    cosynth: Annotated[str, "model"]
    name: str
    source: str
    operations: Annotated[int, "multiply-accumulates, one each"]
    vector_operations: Annotated[int, "all other scalar operations"]
    parameters: Annotated[int, "elements of all weights"]
    elements: Annotated[dict[str, int], "role -> elements of its tensors"]
    inputs: Annotated[dict[str, list[int]], "name -> shape"]
    outputs: Annotated[dict[str, list[int]], "name -> shape"]
    blocks: list[BlockData]
    citations: list[str]
    version: str


class CrestData(TypedDict):
    """What the law says of blocks with a crest factor."""

    crest: Annotated[float, "peak over the root of the mean square"]
    qsnr: Annotated[float, "signal over quantisation noise, dB"]


class NumberFormatData(TypedDict):
    """A number format: what `cosynth show FORMAT --json` prints."""

    cosynth: Annotated[str, "format"]
    name: str
    about: Annotated[str, "one sentence"]
    kind: Annotated[str, "integer, float, ternary or binary"]
    bits: Annotated[float, "stored per element, the scale's share included"]
    smallest: Annotated[float, "magnitude of an element beside zero, before the scale"]
    largest: Annotated[float, "magnitude of an element, before the scale"]
    values: Annotated[list[float], "of an element of up to 6 bits, before the scale; else empty"]
    rule: Annotated[str, "scale from the largest magnitude of its block; empty without a scale"]
    element_bits: int
    exponent: int
    mantissa: int
    block: Annotated[int, "elements that share a scale; 0: the whole tensor"]
    scale: Annotated[str, "format of the scale of a block; empty without one"]
    scale_bits: int
    zero_point: Annotated[bool, "whether each scale has a zero point"]
    tensor_scale: Annotated[bool, "whether a float32 scale of the tensor stands above the blocks"]
    gaussian_qsnr: Annotated[float | None, "dB of Gaussian data; null where nothing is lost"]
    law: Annotated[list[CrestData], "by crest factor; empty where the law does not describe it"]
    multiply_gates: Annotated[float, "NAND2 equivalents of a multiply-accumulate with itself"]


class EntryData(TypedDict):
    """One line of `cosynth list`."""

    name: str
    about: Annotated[str, "one line for people"]
    bits: NotRequired[Annotated[float, "of formats: stored per element, with the scale's share"]]
    smallest: NotRequired[Annotated[float, "of formats: magnitude beside zero, before the scale"]]
    largest: NotRequired[Annotated[float, "of formats: magnitude, before the scale"]]
    rule: NotRequired[Annotated[str, "of formats: how a scale is found; empty without one"]]
    circuit: NotRequired[Annotated[bool, "of hardware and families: `generate` makes a circuit"]]


class ListData(TypedDict):
    """What `cosynth list --json` prints."""

    cosynth: Annotated[str, "list"]
    kind: str
    entries: list[EntryData]


class StudyData(TypedDict):
    """A search that is at work or was cut: what `cosynth show DIR --json` prints of it."""

    cosynth: Annotated[str, "study"]
    problem: str
    objectives: list[str]
    limits: list[str]
    optimiser: str
    seed: int
    evaluations: list[EvaluationData]
    front: Annotated[list[str], "names of the non-dominated designs so far"]


class SpaceData(TypedDict):
    """A space: what `cosynth show SPACE.toml --json` prints."""

    cosynth: Annotated[str, "space"]
    parameters: list[ParameterData]


class DesignData(TypedDict):
    """A design: the file that `explore` writes and every verb reads."""

    cosynth: Annotated[str, "design"]
    version: Annotated[int, "of this file's form"]
    name: str
    seed: int
    point: dict[str, Value]
    figures: Annotated[dict[str, float], "SI"]
    formats: Annotated[dict[str, object], "role -> format"]
    hardware: Annotated[dict[str, object], "as in a hardware file"]
    mappings: Annotated[
        dict[str, dict[str, list[str]]], "model -> layer -> its loop nest, line by line"
    ]
