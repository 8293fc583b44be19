"""Softmax followed by a weighted sum, in one pass over the positions: running maximum and sums.

The offline form needs all scores of a row before it can weigh any. A maximum and a sum are
associative, so they can run along with blocks of positions, if what was summed under an older
maximum is corrected by the exponential of the difference (Milakov and Gimelshein,
arXiv 1805.02867; FlashAttention, arXiv 2205.14135; the cascade is FuseMax's, arXiv 2406.10491):

    L[m,i]   = max(j) S[m,i,j]                  the block's maximum
    R[m,i]   = max(R[m,i-1], L[m,i])            the running one
    C[m,i]   = exp(R[m,i-1] - R[m,i])           the correction
    P[m,i,j] = exp(S[m,i,j] - R[m,i])
    D[m,i]  += P[m,i,j]
    T[m,i]   = T[m,i-1] * C[m,i] + D[m,i]
    N[m,i,f] += P[m,i,j] * V[i*t+j,f]
    A[m,i,f] = A[m,i-1,f] * C[m,i] + N[m,i,f]
    O[m,f]   = A[m,last,f] / T[m,last]          divided once, at the end

What is read before the first block is zero; softmax does not change with the number subtracted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cosynth.errors import WorkloadError
from cosynth.workload.einsum import Access, Apply, Einsum, Expression, Index, Term
from cosynth.workload.graph import Tensor, Workload
from cosynth.workload.passes.rewrite import consumers, mapped, plain_ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class Softmax:
    """Positions of the einsums of one softmax and its weighted sum; `size` positions in a row.

    `split` names the tensors with one dimension for the positions in a row, and which it is.
    """

    top: int
    powers: int
    total: int
    shares: int
    mixed: int
    size: int
    split: tuple[tuple[str, int], ...]


def softmaxes(workload: Workload) -> tuple[Softmax, ...]:
    """Find every softmax over one rank whose shares weigh one sum.

    >>> from cosynth.workload import Builder
    >>> net = Builder("one")
    >>> s, v = net.input("s", (2, 8)), net.input("v", (8, 4))
    >>> _ = net.einsum("t[m] = max(p) s[m,p]", shape=(2,))
    >>> _ = net.einsum("e[m,p] = exp(s[m,p] - t[m])", shape=(2, 8))
    >>> _ = net.einsum("d[m] += e[m,p]", shape=(2,))
    >>> _ = net.einsum("a[m,p] = e[m,p] / d[m]", shape=(2, 8))
    >>> _ = net.output(net.einsum("o[m,f] += a[m,p] * v[p,f]", shape=(2, 4)))
    >>> [found.size for found in softmaxes(net.build())]
    [8]
    """
    readers = consumers(workload)
    found = (_softmax(workload, readers, at) for at in range(len(workload.einsums)))
    return tuple(one for one in found if one is not None)


def online(workload: Workload, softmax: Softmax, block: int) -> Workload:
    """Return the graph with one softmax in one pass over blocks of `block` positions.

    The extra vector operations are einsums like any other. A running value reads its own last
    step. Raises WorkloadError where `block` does not divide the positions.
    """
    if block < 1 or softmax.size % block:
        raise WorkloadError(
            f"{workload.name}: blocks of {block} do not divide {softmax.size} positions; "
            f"take one of {', '.join(map(str, divisors(softmax.size)))}"
        )
    pass_ = _Pass(workload=workload, softmax=softmax, block=block)
    einsums: list[Einsum] = []
    for at, einsum in enumerate(workload.einsums):
        if at == softmax.top:
            einsums += pass_.running()
        elif at == softmax.powers:
            einsums.append(pass_.powers())
        elif at == softmax.total:
            einsums += pass_.summed(einsum, at)
        elif at == softmax.mixed:
            einsums += pass_.mixed()
        elif at != softmax.shares:
            split = einsum.output.tensor in dict(softmax.split)
            einsums.append(pass_.made(einsum) if split else einsum)
    return replace(workload, tensors=pass_.tensors(einsums), einsums=tuple(einsums))


def divisors(size: int) -> tuple[int, ...]:
    """All divisors of a number, smallest first."""
    return tuple(block for block in range(1, size + 1) if size % block == 0)


def _softmax(workload: Workload, readers: dict[str, tuple[int, ...]], top: int) -> Softmax | None:
    """The softmax that begins with the maximum at a position, if one does."""
    einsums = workload.einsums
    head = einsums[top]
    scores = head.expression
    if head.reduction != "max" or not isinstance(scores, Access) or len(head.reduced) != 1:
        return None
    ranks, place = plain_ranks(scores), head.reduced[0]
    if ranks is None or place not in ranks:
        return None
    at = ranks.index(place)
    others = [at for at in readers.get(scores.tensor, ()) if at != top]
    if len(others) != 1 or readers.get(head.output.tensor) != (others[0],):
        return None
    powers = others[0]
    if not _is(einsums[powers], "exp", "-", scores.tensor, head.output.tensor):
        return None
    after = readers.get(einsums[powers].output.tensor, ())
    if len(after) != 2:
        return None
    total, shares = after
    summed = einsums[total].output.tensor
    if einsums[total].reduction != "+" or not _reads(einsums[total], einsums[powers]):
        return None
    if readers.get(summed) != (shares,):
        return None
    if not _is(einsums[shares], "", "/", einsums[powers].output.tensor, summed):
        return None
    return _weighing(workload, readers, (top, powers, total, shares), at)


def _weighing(
    workload: Workload, readers: dict[str, tuple[int, ...]], places: tuple[int, ...], at: int
) -> Softmax | None:
    """The softmax of a maximum, powers, total and shares, if the shares weigh one sum."""
    einsums = workload.einsums
    top, powers, total, shares = places
    scores = einsums[top].inputs[0].tensor
    weights = einsums[shares].output.tensor
    if len(readers.get(weights, ())) != 1:
        return None
    mixed = readers[weights][0]
    reading = next((a for a in einsums[mixed].inputs if a.tensor == weights), None)
    if not einsums[mixed].contraction or reading is None:
        return None
    kept = plain_ranks(reading)
    if kept is None or einsums[mixed].reduced != (kept[at],):
        return None
    inner = {weights: at, einsums[powers].output.tensor: at, scores: at}
    if any(workload.tensor(name).role != "activation" for name in list(inner)[:2]):
        return None
    _upstream(workload, readers, scores, at, inner)
    return Softmax(
        top=top,
        powers=powers,
        total=total,
        shares=shares,
        mixed=mixed,
        size=einsums[top].sizes[einsums[top].reduced[0]],
        split=tuple(inner.items()),
    )


def _reads(reader: Einsum, writer: Einsum) -> bool:
    """Whether an einsum reduces what another made, and nothing else."""
    return getattr(reader.expression, "tensor", "") == writer.output.tensor


def _is(einsum: Einsum, outer: str, inner: str, first: str, second: str) -> bool:
    """Whether an einsum is `outer(first inner second)` on whole rows, with no reduction."""
    found = einsum.expression
    if outer:
        if not isinstance(found, Apply) or found.function != outer:
            return False
        found = found.arguments[0]
    if einsum.reduction is not None or not isinstance(found, Apply) or found.function != inner:
        return False
    names = [read.tensor for read in found.arguments if isinstance(read, Access)]
    return names == [first, second]


def _upstream(
    workload: Workload,
    readers: dict[str, tuple[int, ...]],
    name: str,
    at: int,
    inner: dict[str, int],
) -> None:
    """Drop scores that are no einsum's result; add what they are made of position by position."""
    writer = workload.producers().get(name)
    tensor = workload.tensor(name)
    einsum = workload.einsums[writer or 0]
    ranks = plain_ranks(einsum.output)
    if writer is None or ranks is None or tensor.role != "activation" or tensor.view_of:
        del inner[name]
        return
    for access in einsum.inputs:
        before = plain_ranks(access)
        alone = readers.get(access.tensor) == (writer,)
        if before and alone and ranks[at] in before and access.tensor in workload.producers():
            inner[access.tensor] = before.index(ranks[at])
            _upstream(workload, readers, access.tensor, inner[access.tensor], inner)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pass:
    """One rewriting; blocks are counted by a new rank beside the one that is cut."""

    workload: Workload
    softmax: Softmax
    block: int

    def rank(self, einsum: Einsum) -> str:
        """The rank of an einsum that walks the positions of a row."""
        split = dict(self.softmax.split)
        for access in (einsum.output, *einsum.inputs):
            if access.tensor in split:
                return access.indices[split[access.tensor]].name
        return einsum.reduced[0]

    def fresh(self, einsum: Einsum) -> str:
        """A name for the rank that counts blocks."""
        name = f"{self.rank(einsum)}1"
        while name in einsum.ranks:
            name += "1"
        return name

    def cut(self, einsum: Einsum, access: Access) -> Access:
        """An operand with its positions in blocks: two dimensions, or steps of a block."""
        rank, step = self.rank(einsum), self.fresh(einsum)
        if access.tensor in dict(self.softmax.split):
            at = dict(self.softmax.split)[access.tensor]
            indices = (*access.indices[:at], _plain(step), *access.indices[at:])
            return replace(access, indices=indices)
        return replace(
            access, indices=tuple(self.stepped(index, rank, step) for index in access.indices)
        )

    def stepped(self, index: Index, rank: str, step: str) -> Index:
        terms = tuple(
            term
            for old in index.terms
            for term in (
                (Term(rank=step, coefficient=old.coefficient * self.block), old)
                if old.rank == rank
                else (old,)
            )
        )
        return replace(index, terms=terms)

    def made(
        self, einsum: Einsum, *, within: str = "", change: Callable[[Access], Access] | None = None
    ) -> Einsum:
        """An einsum over blocks; `within` renames a result that gets a dimension for its blocks."""
        rank, step = self.rank(einsum), self.fresh(einsum)

        def new(access: Access) -> Access:
            other = change(access) if change else access
            return other if other is not access else self.cut(einsum, access)

        output = self.cut(einsum, einsum.output)
        if within:
            output = replace(output, tensor=within, indices=(*einsum.output.indices, _plain(step)))
        sizes = einsum.sizes | {rank: self.block, step: self.softmax.size // self.block}
        return replace(
            einsum,
            output=output,
            expression=mapped(einsum.expression, new),
            bounds=tuple((name, size) for name, size in sizes.items()),
        )

    # the block's maximum, the running one, and the correction
    def running(self) -> list[Einsum]:
        top = self.workload.einsums[self.softmax.top]
        name = top.output.tensor
        block = self.made(top, within=f"{name}.block")
        step = self.fresh(top)
        now = replace(top.output, tensor=name, indices=(*top.output.indices, _plain(step)))
        before = _before(now)
        largest = Apply(
            function="max", arguments=(before, replace(now, tensor=block.output.tensor))
        )
        change = Apply(function="-", arguments=(before, now))
        shrunk = Apply(function="exp", arguments=(change,))
        return [
            replace(block, name=f"{top.name}.block"),
            self.pointwise(block, now, largest, name),
            self.pointwise(block, replace(now, tensor=f"{name}.correction"), shrunk, ""),
        ]

    # the exponentials, under the running maximum
    def powers(self) -> Einsum:
        einsum = self.workload.einsums[self.softmax.powers]
        step = self.fresh(einsum)
        name = self.workload.einsums[self.softmax.top].output.tensor

        def change(access: Access) -> Access:
            if access.tensor != name:
                return access
            return replace(access, indices=(*access.indices, _plain(step)))

        return self.made(einsum, change=change)

    def mixed(self) -> list[Einsum]:
        """The block's weighted sum, the running one, and the result."""
        einsum = self.workload.einsums[self.softmax.mixed]
        shares = self.workload.einsums[self.softmax.shares].output.tensor
        powers = self.workload.einsums[self.softmax.powers].output.tensor

        def change(access: Access) -> Access:
            if access.tensor != shares:
                return access
            return replace(self.cut(einsum, access), tensor=powers)

        block, running = self.summed(einsum, self.softmax.mixed, change)
        last = Index(offset=self.softmax.size // self.block - 1)
        whole = replace(running.output, indices=(*einsum.output.indices, last))
        rows = self.rows(einsum)
        total = self.workload.einsums[self.softmax.total].output.tensor
        divisor = Access(tensor=total, indices=(*map(_plain, rows), last))
        return [
            block,
            running,
            replace(
                einsum,
                expression=Apply(function="/", arguments=(whole, divisor)),
                reduction=None,
                bounds=tuple((r, s) for r, s in einsum.bounds if r in einsum.output.ranks),
            ),
        ]

    def summed(
        self, einsum: Einsum, at: int, change: Callable[[Access], Access] | None = None
    ) -> list[Einsum]:
        name = einsum.output.tensor
        kept = f"{name}.running" if at == self.softmax.mixed else name
        block = self.made(einsum, within=f"{name}.block", change=change)
        step = self.fresh(einsum)
        now = replace(block.output, tensor=kept)
        rows = (*map(_plain, self.rows(einsum)), _plain(step))
        top = self.workload.einsums[self.softmax.top].output.tensor
        faded = Apply(
            function="*",
            arguments=(_before(now), Access(tensor=f"{top}.correction", indices=rows)),
        )
        grown = Apply(function="+", arguments=(faded, block.output))
        return [
            replace(block, name=f"{einsum.name}.block"),
            self.pointwise(block, now, grown, einsum.name if kept == name else ""),
        ]

    def rows(self, einsum: Einsum) -> tuple[str, ...]:
        """An einsum's names of the ranks that number rows, in the order of the maximum's."""
        softmax = self.softmax
        top = self.workload.einsums[softmax.top]
        table = dict(softmax.split)
        inner = {self.workload.einsums[p].output.tensor for p in (softmax.powers, softmax.shares)}
        reading = next(access for access in einsum.inputs if access.tensor in inner)
        scores = next(iter(top.inputs))
        kept = [i.name for d, i in enumerate(reading.indices) if d != table[reading.tensor]]
        place = scores.indices.index(_plain(top.reduced[0]))
        own = [i.name for d, i in enumerate(scores.indices) if d != place]
        return tuple(kept[own.index(index.name)] for index in top.output.indices)

    def pointwise(self, like: Einsum, output: Access, expression: Expression, name: str) -> Einsum:
        ranks = set(output.ranks)
        return replace(
            like,
            name=name or output.tensor,
            output=output,
            expression=expression,
            reduction=None,
            bounds=tuple((rank, size) for rank, size in like.bounds if rank in ranks),
        )

    def tensors(self, einsums: list[Einsum]) -> tuple[Tensor, ...]:
        """Tensors of the new graph; those that are written get the shapes of what writes them."""
        old = {tensor.name: tensor for tensor in self.workload.tensors}
        gone = self.workload.einsums[self.softmax.shares].output.tensor
        del old[gone]
        like = self.workload.tensor(gone)
        changed = set(dict(self.softmax.split)) | {
            self.workload.einsums[at].output.tensor for at in (self.softmax.top, self.softmax.total)
        }
        for einsum in einsums:
            name = einsum.output.tensor
            if name in old and name not in changed:
                continue
            shape = tuple(einsum.sizes[index.name] for index in einsum.output.indices)
            old[name] = replace(old.get(name, like), name=name, shape=shape)
        return tuple(old.values())


def _plain(rank: str) -> Index:
    return Index(terms=(Term(rank=rank),))


def _before(access: Access) -> Access:
    """The same one block earlier."""
    *rest, last = access.indices
    return replace(access, indices=(*rest, replace(last, offset=-1)))
