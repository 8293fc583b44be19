"""Runs a network under formats, segment by segment; a run can start from where another differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from cosynth.compress.change import Change
from cosynth.compress.choices import Choice
from cosynth.compress.engine import Session, opened, sentence
from cosynth.compress.network import Network, Operand, Site
from cosynth.compress.segments import Segment, factor, live_before, segments, submodel
from cosynth.compress.storage import stored
from cosynth.errors import CosynthError, SpecError, WorkloadError, did_you_mean
from cosynth.format import Format, known

Tensors = Mapping[str, NDArray[Any]]
Values = dict[str, NDArray[Any]]
See = Callable[[Site, Operand, NDArray[Any]], None]
_PLAIN = "fp32"
_LEFT = Choice()
_CLASSES, _REAL = {"b": 0, "i": 1, "u": 1, "f": 2, "U": 8, "O": 8}, 2
_MOST_KEPT = 1 << 30  # bytes of stored weights that are kept for the next run


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """A run to start others from: its choices, its outputs and what was live before each segment.

    It holds the activations of all segments in memory.
    """

    choices: Mapping[str, Choice]
    live: tuple[Tensors, ...]
    outputs: Values


@dataclass(frozen=True, kw_only=True, eq=False)
class Runner:
    """A network and its sessions; they are made once and serve all choices of formats.

    `changes` are what steps do to the factors of a site before they are stored, in order; a site
    whose formats are all fp32 is left alone.
    """

    network: Network
    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    _sessions: dict[int, tuple[Session, str]] = field(default_factory=dict, repr=False)
    _stored: dict[tuple[str, ...], NDArray[Any]] = field(default_factory=dict, init=False)

    @cached_property
    def _segments(self) -> tuple[Segment, ...]:
        return segments(self.network)

    @cached_property
    def _live(self) -> tuple[frozenset[str], ...]:
        return live_before(self.network, self._segments)

    @property
    def engines(self) -> tuple[str, ...]:
        """What has run the network so far, with its version; the most used comes first."""
        used = [engine for _, engine in self._sessions.values()]
        return tuple(sorted(set(used), key=lambda each: (-used.count(each), each)))

    def changed(self, changes: Mapping[str, tuple[Change, ...]]) -> Runner:
        """Return a runner with other changes and the same sessions."""
        return Runner(network=self.network, changes=changes, _sessions=self._sessions)

    def run(self, feeds: Tensors, choices: Mapping[str, Choice]) -> Values:
        """Return the outputs by name; layers that `choices` does not name are left alone.

        SpecError where feeds or choices do not fit, WorkloadError where a node cannot be run.
        """
        return self._run(checked_feeds(self.network, feeds), choices, 0)

    def trace(self, feeds: Tensors, choices: Mapping[str, Choice]) -> Trace:
        """Run, and keep what `resume` needs."""
        live: list[Tensors] = []
        outputs = self._run(checked_feeds(self.network, feeds), choices, 0, live)
        return Trace(choices=dict(choices), live=tuple(live), outputs=outputs)

    def resume(self, trace: Trace, choices: Mapping[str, Choice]) -> Values:
        """Return the outputs under other choices, from the first layer on that they change.

        Equal in every bit to a run from the start on the same feeds.
        """
        for at, part in enumerate(self._segments):
            name = part.site.name if part.site else ""
            if choices.get(name, _LEFT) != trace.choices.get(name, _LEFT):
                return self._run(trace.live[at], choices, at)
        self._check(choices)
        return dict(trace.outputs)

    def watch(self, feeds: Tensors, see: See) -> Values:
        """Run without formats, showing every activation to `see`, changed as by `changes`."""

        def shown(site: Site, one: Operand, values: NDArray[Any]) -> None:
            see(site, one, self._changed(site, one, values, None))

        return self._run(checked_feeds(self.network, feeds), {}, 0, see=shown)

    def weight(self, site: Site, form: str) -> NDArray[Any]:
        """Return the constant factor of a site as it comes back from storage, changes included."""
        one = site.weight
        assert one is not None
        values = self.network.constants[one.tensor]
        changes = self.changes.get(site.name, ())
        key = (site.name, form) if changes else (one.tensor, str(one.axis), form, str(one.window))
        if key not in self._stored:
            while self._stored and sum(v.nbytes for v in self._stored.values()) > _MOST_KEPT:
                del self._stored[next(iter(self._stored))]
            self._stored[key] = self._kept(site, one, values, form)
        return self._stored[key]

    def changed_weight(self, site: Site, form: str) -> NDArray[Any]:
        """Return the constant factor of a site as steps leave it, before it is stored."""
        one = site.weight
        assert one is not None
        format = None if form == _PLAIN else known(form)
        return self._changed(site, one, self.network.constants[one.tensor], format)

    def given_scale(self, site: Site, one: Operand, format: Format) -> float | None:
        """Return the scale of a factor that steps found beforehand; None: from the values."""
        scale = None
        for change in self.changes.get(site.name, ()):
            scale = change.scale(one, format) or scale
        return scale

    def _run(
        self,
        values: Tensors,
        choices: Mapping[str, Choice],
        start: int,
        live: list[Tensors] | None = None,
        see: See | None = None,
    ) -> Values:
        self._check(choices)
        held = dict(values)
        for at, part in enumerate(self._segments):
            if at < start:
                continue
            if live is not None:
                live.append({name: held[name] for name in self._live[at] if name in held})
            fed = {name: held[name] for name in part.reads}
            if part.site:
                fed |= self._factors(part.site, choices.get(part.site.name, _LEFT), held, see)
            held |= self._computed(at, fed)
            held = {name: each for name, each in held.items() if name in self._live[at + 1]}
        given = {**self.network.constants, **held}
        return {name: given[name] for name in self.network.outputs}

    def _check(self, choices: Mapping[str, Choice]) -> None:
        for name in choices:
            self.network.site(name)

    def _factors(self, site: Site, choice: Choice, held: Values, see: See | None) -> Values:
        alone = choice == _LEFT
        found = {}
        for one in site.operands:
            values = self.network.constants[one.tensor] if one.constant else held[one.tensor]
            if see and not one.constant:
                see(site, one, values)
            if not alone and one.constant:
                values = self.weight(site, choice.weights)
            elif not alone:
                values = self._kept(site, one, values, choice.activations)
            found[factor(site, one.at)] = values
        return found

    def _kept(self, site: Site, one: Operand, values: NDArray[Any], form: str) -> NDArray[Any]:
        """A factor changed, stored and read back, in its own type; whole numbers stay."""
        format = known(form)
        if values.dtype.kind != "f":
            return values
        changed = self._changed(site, one, values, None if form == _PLAIN else format)
        if form == _PLAIN:
            return changed.astype(values.dtype, copy=False)
        scale = self.given_scale(site, one, format)
        try:
            kept = stored(changed.astype(np.float32), format, one, scale)
        except SpecError as error:
            raise SpecError(f"{self.network.source}: layer {site.name!r}: {error}") from None
        return np.asarray(kept.astype(values.dtype))

    def _changed(
        self, site: Site, one: Operand, values: NDArray[Any], format: Format | None
    ) -> NDArray[Any]:
        if values.dtype.kind != "f":
            return values
        changes = self.changes.get(site.name, ())
        if changes and values.dtype.itemsize < np.float32().itemsize:
            values = values.astype(np.float32)
        for change in changes:
            values = change.applied(values, one, format)
        return values

    def _computed(self, at: int, fed: Values) -> Values:
        """What a segment makes."""
        part = self._segments[at]
        if not part.makes:
            return {}
        first, last = (self.network.model.graph.node[n] for n in (part.nodes[0], part.nodes[-1]))
        where = f"{self.network.source}: from {_called(first)} to {_called(last)}"
        try:
            if at not in self._sessions:
                self._sessions[at] = opened(submodel(self.network, part, fed), where)
            found = self._sessions[at][0].run(list(part.makes), fed)
        except CosynthError:
            raise
        except Exception as error:  # noqa: BLE001 whatever an engine raises, the model is at fault
            raise WorkloadError(f"{where}: cannot be run: {sentence(error)}") from None
        return dict(zip(part.makes, found, strict=True))


def checked_feeds(network: Network, feeds: Tensors) -> Values:
    """Return the feeds in the inputs' types; SpecError where one is absent, unknown or misshapen.

    Whole numbers may become real ones, and real ones take the width of the model.
    """
    absent = [name for name in network.inputs if name not in feeds]
    unknown = [name for name in feeds if name not in network.inputs]
    if absent or unknown:
        wrong = unknown[0] if unknown else absent[0]
        near = did_you_mean(wrong, network.inputs if unknown else feeds)
        said = f"no input {wrong!r}" if unknown else f"no values for input {wrong!r}"
        raise SpecError(
            f"{network.source}: {said}{near or '; inputs: ' + ', '.join(network.inputs)}"
        )
    return {
        each.name: _fed(network.source, each, np.asarray(feeds[each.name]))
        for each in network.model.graph.input
        if each.name in feeds
    }


def _fed(source: str, given: onnx.ValueInfoProto, values: NDArray[Any]) -> NDArray[Any]:
    where, kind = f"{source}: input {given.name!r}", given.type.tensor_type
    sizes = [d.dim_value for d in kind.shape.dim]
    fits = len(sizes) == values.ndim and all(
        size <= 0 or size == own for size, own in zip(sizes, values.shape, strict=True)
    )
    if kind.HasField("shape") and not fits:
        wanted = " x ".join(str(size) if size > 0 else "?" for size in sizes) or "one number"
        own = " x ".join(map(str, values.shape)) or "one number"
        raise SpecError(f"{where}: is {own}; the model takes {wanted}")
    if not kind.elem_type:
        raise SpecError(f"{where}: is no tensor; such a model cannot be fed here")
    wanted_type = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
    classes = [_CLASSES.get(each.kind, 9) for each in (values.dtype, wanted_type)]
    with np.errstate(all="ignore"):
        taken = values.astype(wanted_type) if classes[0] <= classes[1] else values
    if taken.dtype != wanted_type or (classes[1] < _REAL and (taken != values).any()):
        raise SpecError(f"{where}: holds {values.dtype}; the model takes {wanted_type}")
    return np.ascontiguousarray(taken).reshape(values.shape)


def _called(node: onnx.NodeProto) -> str:
    return f"{node.name or node.output[0]!r} ({node.op_type})"
