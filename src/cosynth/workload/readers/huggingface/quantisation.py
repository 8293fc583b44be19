"""Number formats that a `config.json` prescribes for the weights of a quantised model."""

from __future__ import annotations

from dataclasses import replace

from cosynth.errors import SpecError, did_you_mean
from cosynth.workload.graph import Workload
from cosynth.workload.readers.huggingface.config import Config

# method -> the format that its weights are stored in; the bits of the last two are their own keys
METHODS = {
    "bitnet": "ternary",
    "eetq": "int8",
    "fbgemm_fp8": "fp8_e4m3fn",
    "fp8": "fp8_e4m3fn",
    "mxfp4": "mxfp4",
    "mxfp8": "mxfp8",
    "nvfp4": "nvfp4",
    "awq": "int",
    "gptq": "int",
}
WIDTHS = (2, 3, 4, 6, 8)


def weight_format(config: Config) -> str | None:
    """The format of `quantization_config`; None if there is none, a note if it cannot be read."""
    if not config.has("quantization_config"):
        return None
    part = config.part("quantization_config")
    method = part.table.get("quant_method")
    if not isinstance(method, str) or method not in METHODS:
        near = did_you_mean(method, METHODS) if isinstance(method, str) else ""
        part.problems.append(
            f"{part.where}.quant_method: {method!r:.60} cannot be read{near}; known: "
            f"{', '.join(METHODS)}; without quantization_config the formats are yours to choose"
        )
        return None
    if METHODS[method] != "int":
        return METHODS[method]
    bits = part.size("bits", most=16)
    part.check(bits in WIDTHS, "bits", f"{bits} is not one of {', '.join(map(str, WIDTHS))}")
    grouped = bits == 4 and part.table.get("group_size") == 128
    return "int4_g128" if grouped else f"int{bits}"


def quantised(workload: Workload, format: str) -> Workload:
    """Return the workload with the weights of its layers' products in a format.

    Embedding, router and head keep theirs, as these methods leave them; mxfp4 is for experts.
    """
    operators = {"Experts"} if format == "mxfp4" else {"Experts", "Linear"}
    chosen = {
        access.tensor
        for einsum in workload.einsums
        if einsum.operator in operators and einsum.contraction
        for access in einsum.inputs
        if access.tensor.endswith(".weight") and "." in access.tensor.removesuffix(".weight")
        if not access.tensor.endswith("router.weight")
    }
    if not chosen:
        raise SpecError(
            f"{workload.name}: quantization_config: no weight of this model can be {format}"
        )
    tensors = (replace(t, format=format) if t.name in chosen else t for t in workload.tensors)
    return replace(workload, tensors=tuple(tensors))
