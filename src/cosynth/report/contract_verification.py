"""What `explore --verify` adds to a front: designs as circuits, and figures corrected by them."""

from __future__ import annotations

from typing import Annotated, TypedDict


class CheckData(TypedDict):
    """A design that was generated, simulated and synthesised."""

    id: str
    predicted: Annotated[dict[str, float], "figure -> SI, as searched: latency and area"]
    measured: Annotated[dict[str, float], "figure -> SI, of the circuit"]
    cycles: Annotated[int, "counted by the circuit, of all models"]
    bits: Annotated[int, "bits of outputs that were compared"]
    wrong: Annotated[int, "bits that differ from the NumPy twin's"]
    host: Annotated[int, "operations that the circuit leaves to the host"]
    seconds: Annotated[float, "s that it took"]


class RefusalData(TypedDict):
    """A design of which no circuit was made."""

    id: str
    why: str


class ResidualData(TypedDict):
    """How a figure of designs without a circuit was corrected: by a kernel over the space."""

    error: Annotated[
        float | None, "typical factor less 1, each told from the others; null with one"
    ]
    width: Annotated[float | None, "of the kernel, in a space of side 1; null for the mean of all"]


class CorrectedData(TypedDict):
    """A member of the front of measured and corrected figures."""

    id: str
    measured: Annotated[bool, "latency and area are of its circuit"]
    figures: Annotated[dict[str, float], "figure -> SI"]


class VerificationData(TypedDict):
    """Circuits of some designs of a front, and the front that follows."""

    checks: list[CheckData]
    refused: list[RefusalData]
    residuals: Annotated[dict[str, ResidualData], "by figure"]
    front: Annotated[list[CorrectedData], "by the first objective, best first"]
    stayed: Annotated[int, "members of the searched front that are on this one"]
