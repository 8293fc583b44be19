"""What `cosynth quantize --json` promises: formats by layer, their errors, and the front."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypedDict

from cosynth.report.contract import FigureData, OrUnlimited


class ChoiceData(TypedDict):
    """Formats of a layer."""

    weights: Annotated[str, "format of the constant factor; fp32: left alone"]
    activations: Annotated[str, "format of what is computed; fp32: left alone"]


class QuantisedLayerData(TypedDict):
    """A node that multiplies, or several that share their weight."""

    name: str
    operator: str
    elements: Annotated[int, "weights"]
    bits: Annotated[float, "average of a weight, scales counted; 0 without weights"]
    weights: str
    activations: str
    kept: Annotated[bool, "whether the format was given, not chosen"]
    noise: Annotated[OrUnlimited, "of this choice alone: power of the outputs' error over theirs"]
    noises: Annotated[list[OrUnlimited], "the same for every option; null where it is not allowed"]


class MixData(TypedDict):
    """A choice for all layers."""

    bits: Annotated[float, "average of a weight, scales counted"]
    predicted: Annotated[OrUnlimited, "noise as the sum over layers"]
    noise: Annotated[OrUnlimited, "as measured on the data"]
    qsnr: Annotated[OrUnlimited, "the measured noise in dB; null without any"]
    latency: NotRequired[Annotated[float, "s, layers priced alone and added up"]]
    energy: NotRequired[Annotated[float, "J, likewise"]]
    chosen: bool
    uniform: Annotated[str, "the option, where all layers have the same; else empty"]
    options: Annotated[list[int], "position of each layer's option"]


class MetricData(TypedDict):
    """How well the model does before and after."""

    name: str
    exact: Annotated[OrUnlimited, "the model as it came"]
    quantised: OrUnlimited
    better: Annotated[str, "higher or lower"]


class CostData(TypedDict):
    """What the chosen mix costs on the hardware, estimated as a whole."""

    hardware: str
    figures: FigureData


class QuantizeData(TypedDict):
    """The document of `cosynth quantize --json`."""

    cosynth: str
    model: str
    data: Annotated[str, "file of samples, or how they were drawn"]
    samples: int
    engine: Annotated[list[str], "what ran the model"]
    options: list[ChoiceData]
    minimize: str
    limits: Annotated[dict[str, float], "figure -> most; bits average, noise, s, J"]
    elements: Annotated[int, "weights that formats were chosen for"]
    left: Annotated[int, "constants of real numbers that stay as they are: biases, tables"]
    best: MixData
    front: list[MixData]
    metrics: list[MetricData]
    layers: list[QuantisedLayerData]
    cost: CostData | None
    refused: Annotated[dict[str, str], "option -> why the hardware cannot run it"]
    written: Annotated[str, "the ONNX file"]
    size: Annotated[int, "bytes of it; 0 if none was written"]
    notes: list[str]
    version: str
