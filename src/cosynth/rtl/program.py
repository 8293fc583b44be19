"""A network as a program and a memory image: where tensors lie, what units are told."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

import cosynth.mapping as mp
from cosynth.errors import MappingError
from cosynth.rtl.arrange import orders
from cosynth.rtl.chip import PARAMETER_BITS, Chip, container
from cosynth.rtl.instructions import Assembler, Command, encode
from cosynth.rtl.layer import Step, Transfer, steps
from cosynth.rtl.network import Host, Layer, Network, Whole, root
from cosynth.rtl.packing import blocks
from cosynth.rtl.plan import MOST_SEGMENTS
from cosynth.rtl.streams import Layout
from cosynth.rtl.views import seen
from cosynth.rtl.words import codes_of, packed_bits
from cosynth.rtl.work import Place, Post, Work
from cosynth.rtl.woven import tile_codes

PAGE = 4096
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A layer that the chip runs, from a program of its own."""

    layer: str
    address: int
    words: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """Sections and host operations in order, the image of DRAM, and where tensors lie in it."""

    order: tuple[Section | Host, ...]
    image: NDArray[np.uint8]
    places: Mapping[str, Place]


def placed(network: Network, chip: Chip, chosen: Mapping[str, Sequence[int]]) -> dict[str, Place]:
    """Where every activation lies, from the bottom of DRAM on, its dimensions in a chosen order."""
    bits = container(network.activation_format)
    found: dict[str, Place] = {}
    at = 0
    for name, order in chosen.items():
        shape = network.graph.tensor(name).shape
        one = Place(name=name, shape=shape, order=tuple(order), bits=bits, address=at)
        found[name] = one
        at += -(-one.bytes // (chip.beat // 8)) * (chip.beat // 8)
    return found


def work_of(layer: Layer, mapping: mp.Mapping) -> Work:
    """A layer with its mapping, as the array is given it."""
    return Work(
        name=layer.name,
        einsum=layer.einsum,
        mapping=mapping,
        data=layer.data,
        weight=layer.weight,
        out=layer.out,
        post=layer.post,
        packed=layer.constant,
        channel=layer.channel,
        blocks=layer.blocks,
    )


def boxed(values: NDArray[Number], layout: Layout) -> NDArray[Number]:
    """The elements of a box in the order in which they lie."""
    cut = values[tuple(slice(s, s + e) for s, e in zip(layout.start, layout.extent, strict=True))]
    return cut.transpose(tuple(reversed(layout.order))).reshape(-1)


def records(post: Post, *, leaky: bool = False) -> NDArray[np.uint64]:
    """Parameters as `drain.sv` reads them: bias [63:16], multiplier [15:0].

    On a chip for `leaky` functions: bias [63:32], multiplier of negative sums [31:16], multiplier.
    """
    if leaky:
        triples = zip(post.bias, post.negative or post.multiplier, post.multiplier, strict=True)
        parts = [(b & (1 << 32) - 1) << 32 | (n & 0xFFFF) << 16 | m & 0xFFFF for b, n, m in triples]
        return np.array(parts, dtype=np.uint64)
    words = [
        (bias & (1 << 48) - 1) << 16 | multiplier & 0xFFFF
        for bias, multiplier in zip(post.bias, post.multiplier, strict=True)
    ]
    return np.array(words, dtype=np.uint64)


class Image:
    """Memory that grows: constants go to the first free page or beat, and are made at the end."""

    def __init__(self, start: int, beat: int) -> None:
        self._parts: list[tuple[int, Callable[[], NDArray[np.uint8]]]] = []
        self._at, self._beat = start, beat // 8

    def add(self, size: int, make: Callable[[], NDArray[np.uint8]], align: int = 0) -> int:
        """Return the address of `size` bytes that `make` gives."""
        step = align or self._beat
        address = -(-self._at // step) * step
        self._parts.append((address, make))
        self._at = address + size
        return address

    def bytes(self, spare: int) -> NDArray[np.uint8]:
        """All of it, with room behind."""
        memory = np.zeros(-(-(self._at + spare) // PAGE) * PAGE, dtype=np.uint8)
        for address, make in self._parts:
            data = make()
            memory[address : address + len(data)] = data
        return memory


def transfer_command(
    one: Transfer, chip: Chip, address: int, pitch: Sequence[int], layout: Layout
) -> Command:
    """A copy of a box: `address` B of the tensor or block, `pitch` elements between neighbours."""
    scale = one.bits // chip.grain
    local = layout.pitch
    dims = [dim for dim in layout.order if layout.extent[dim] > 1]
    run = 1
    while dims and pitch[dims[0]] == run and local[dims[0]] == run:
        run *= layout.extent[dims.pop(0)]
    if len(dims) > 4:
        raise MappingError(f"a box of {one.kind} with {len(dims)} loops; a copy has four")
    base = address * 8 // chip.grain + scale * sum(
        start * step for start, step in zip(layout.start, pitch, strict=True)
    )
    return Command(
        unit=one.unit,
        turns=tuple(layout.extent[dim] for dim in dims),
        bases=(base, one.local),
        strides=(
            tuple(scale * pitch[dim] for dim in dims), tuple(scale * local[dim] for dim in dims)
        ),
        extras=(run * scale,),
        takes=one.takes,
        gives=one.gives,
    )  # fmt: skip


def _check_bytes(name: str, command: Command, chip: Chip, place: Place) -> None:
    """DRAM is written by bytes: what lies in one byte must be written at once."""
    unit = max(8 // chip.grain, 1)
    begin, run = command.bases[0], command.extras[0]
    turned = [
        step for step, turns in zip(command.strides[0], command.turns, strict=True) if turns > 1
    ]
    end = place.address * 8 // chip.grain + math.prod(place.shape) * place.bits // chip.grain
    whole = run % unit == 0 or (not turned and begin + run == end)
    if begin % unit or any(step % unit for step in turned) or not whole:
        raise MappingError(
            f"{name}: tiles of its output begin or end within bytes of DRAM, which holds"
            f" {8 // place.bits} elements in each"
        )


def tensor_pitch(place: Place) -> tuple[int, ...]:
    """Elements between neighbours of each dimension of a tensor in DRAM."""
    found = [0] * len(place.shape)
    step = 1
    for dim in place.order:
        found[dim] = step
        step *= place.shape[dim]
    return tuple(found)


def compiled(network: Network, chip: Chip, mappings: Mapping[str, mp.Mapping]) -> Program:
    """Return the program of a network; what the array cannot run becomes the host's."""
    places = placed(network, chip, orders(network, chip, mappings))
    end = max((one.address + one.bytes for one in places.values()), default=0)
    image = Image(end, chip.beat)
    order: list[Section | Host] = []
    for operation in network.operations:
        if isinstance(operation, Host):
            order.append(operation)
            continue
        views = views_of(network, places, operation)
        try:
            found = steps(chip, work_of(operation, mappings[operation.name]), views)
            order.append(_section(network, chip, views, image, operation, found))
        except MappingError as error:
            order.append(_left(network, operation, str(error)))
    return Program(order=tuple(order), image=image.bytes(PAGE), places=places)


def views_of(network: Network, places: Mapping[str, Place], layer: Layer) -> dict[str, Place]:
    """Places of a layer's tensors, those seen under another shape and those of weights included."""
    found = dict(places)
    for access in (layer.data, layer.weight):
        name = access.tensor
        tensor = network.graph.tensor(name)
        shape = tensor.shape
        order = tuple(reversed(range(len(shape))))
        if tensor.role == "weight":
            found[name] = Place(name=name, shape=shape, order=order, bits=0)
        elif tensor.view_of:
            base = places[root(network.graph, name)]
            order = seen(base.order, base.shape, shape)
            found[name] = replace(base, name=name, shape=shape, order=order)
    return found


def _left(network: Network, layer: Layer, reason: str) -> Host:
    names = [one.name for one in network.graph.einsums]
    at = names.index(layer.einsum.name)
    members = [network.graph.einsums[at]]
    while members[-1].output.tensor != layer.out:
        at += 1
        members.append(network.graph.einsums[at])
    return Host(name=layer.name, einsums=tuple(members), reason=reason, writes=(layer.out,))


def words_of(
    network: Network,
    chip: Chip,
    layer: Layer,
    mapping: mp.Mapping,
    views: Mapping[str, Place],
    most: int = MOST_SEGMENTS,
) -> NDArray[np.uint64]:
    """Return a layer's program of up to `most` parts; constants lie from address 0 on.

    MappingError says why the array cannot run it.
    """
    found = steps(chip, work_of(layer, mapping), views, most)
    return _words(network, chip, views, Image(0, chip.beat), layer, found)


def _section(
    network: Network,
    chip: Chip,
    places: Mapping[str, Place],
    image: Image,
    layer: Layer,
    found: Sequence[Step],
) -> Section:
    words = _words(network, chip, places, image, layer, found)
    data = words.view(np.uint8)
    address = image.add(len(data), lambda: data, PAGE)
    return Section(layer=layer.name, address=address, words=len(words))


def _words(
    network: Network,
    chip: Chip,
    places: Mapping[str, Place],
    image: Image,
    layer: Layer,
    found: Sequence[Step],
) -> NDArray[np.uint64]:
    assembler = Assembler()
    known: dict[tuple[str, Layout], int] = {}
    for step in found:
        if isinstance(step, Command):
            assembler.add(step)
        else:
            assembler.add(_placed(network, chip, places, image, layer, step, known))
    assembler.end()
    return encode(assembler.program)


def _placed(
    network: Network,
    chip: Chip,
    places: Mapping[str, Place],
    image: Image,
    layer: Layer,
    one: Transfer,
    known: dict[tuple[str, Layout], int],
) -> Command:
    if one.kind in {"params", "table"} or (one.kind == "weight" and layer.constant):
        key = one.kind, one.layout
        if key not in known:
            size = -(-one.layout.size * one.bits // 8)
            known[key] = image.add(size, partial(_constant, network, chip, layer, one))
        box = replace(one.layout, start=(0,) * len(one.layout.start))
        return transfer_command(one, chip, known[key], box.pitch, box)
    names = {"data": layer.data.tensor, "weight": layer.weight.tensor, "out": layer.out,
             "residual": layer.post.residual.tensor if layer.post.residual else ""}  # fmt: skip
    place = places[names[one.kind]]
    command = transfer_command(one, chip, place.address, tensor_pitch(place), one.layout)
    if one.kind == "out":
        _check_bytes(layer.name, command, chip, place)
    return command


def _constant(network: Network, chip: Chip, layer: Layer, one: Transfer) -> NDArray[np.uint8]:
    if one.kind == "params":
        return packed_bits(boxed(records(layer.post, leaky=chip.leaky), one.layout), PARAMETER_BITS)
    if one.kind == "table":
        table = np.array(layer.post.table, dtype=np.uint64)
        return packed_bits(table, container(network.activation_format))
    name, format = layer.weight.tensor, network.weight_format
    if layer.maxima and chip.flow == "weight":
        identity = np.eye(*one.layout.extent, dtype=np.int64).reshape(-1)
        return packed_bits(codes_of(identity, format), one.bits)
    if not one.layout.weave:
        found = blocks(network.weights[name], one.layout)
        return packed_bits(codes_of(found, format), one.bits)
    shifts = network.shifts[name]
    codes = codes_of(network.weights[name] >> shifts, format)
    return packed_bits(
        tile_codes(one.layout, layer.weight, codes, shifts.astype(np.uint64), one.bits), one.bits
    )


def write_tensor(
    program: Program, network: Network, name: str, values: Whole, memory: NDArray[np.uint8]
) -> None:
    """Put whole numbers of a tensor where it lies."""
    place = program.places[name]
    flat = codes_of(values, network.activation_format).transpose(tuple(reversed(place.order)))
    data = packed_bits(flat.reshape(-1), place.bits)
    memory[place.address : place.address + len(data)] = data


def read_codes(program: Program, name: str, memory: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Codes of a tensor as they lie in memory, in its own shape."""
    place = program.places[name]
    data = memory[place.address : place.address + place.bytes]
    bits = np.unpackbits(data, bitorder="little")[: math.prod(place.shape) * place.bits]
    weights = np.uint64(1) << np.arange(place.bits, dtype=np.uint64)
    codes = (bits.reshape(-1, place.bits) * weights).sum(axis=1, dtype=np.uint64)
    shape = [place.shape[dim] for dim in reversed(place.order)]
    inverse = np.argsort(tuple(reversed(place.order)))
    return np.asarray(codes.reshape(shape).transpose(tuple(inverse)))
