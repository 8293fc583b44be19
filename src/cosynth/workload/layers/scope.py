"""Where layer code of sequence models stands: the graph, a name, repeats, tokens in flight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cosynth.workload.builder import Builder
from cosynth.workload.layers.elementwise import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The place a layer is built at; everything made in it is named and repeated alike.

    `tokens` new positions of each of `batch` sequences are computed; `reach` positions, the new
    ones included, can be attended to. `keeps`: states stay for a later step; `resumes`: those of
    an earlier one are read.
    """

    net: Builder
    batch: int
    tokens: int
    reach: int
    keeps: bool = False
    resumes: bool = False
    prefix: str = ""
    repeat: int = 1

    @property
    def rows(self) -> int:
        """New positions of all sequences together."""
        return self.batch * self.tokens

    def below(self, name: str, repeat: int | None = None) -> Scope:
        """A scope inside this one."""
        return replace(self, prefix=self.name(name), repeat=repeat or self.repeat)

    def name(self, short: str) -> str:
        """Full name of something made here."""
        return f"{self.prefix}.{short}" if self.prefix else short

    def weight(self, short: str, *shape: int) -> str:
        """A learned tensor in as many copies as the scope repeats."""
        return self.net.weight(self.name(short), shape, repeat=self.repeat)

    def state(self, short: str, *shape: int) -> str:
        """A tensor kept from the step before."""
        return self.net.state(self.name(short), shape, repeat=self.repeat)

    def keep(self, name: str) -> str:
        """Turn an activation into a state, where states are kept at all; parts are copied."""
        tensor = self.net.tensors[name]
        if not self.keeps or tensor.role == "state":
            return name
        while len(tensor.view_of) == 1 and self.net.tensors[tensor.view_of[0]].size == tensor.size:
            tensor = self.net.tensors[tensor.view_of[0]]
        if not tensor.view_of:
            self.net.tensors[tensor.name] = replace(tensor, role="state")
            return name
        ranks = ",".join("abcdefgh"[: len(tensor.shape)])
        # short names below the scope's own prefix
        short = name.removeprefix(f"{self.prefix}.") + ".kept"
        return self.keep(
            self.make(short, f"[{ranks}] = {{0}}[{ranks}]", name, shape=self.net.shape(name),
                      operator="Cache")
        )  # fmt: skip

    def table(self, name: str, *shape: int) -> str:
        """Constants computed from positions, such as angles; one for the whole model."""
        return name if name in self.net.tensors else self.net.input(name, shape)

    def view(self, short: str, of: str | Sequence[str], *shape: int) -> str:
        """Existing tensors under another shape."""
        return self.net.view(self.name(short), shape, of)

    def make(
        self,
        short: str,
        text: str,
        *reads: str,
        shape: Sequence[int],
        bounds: Mapping[str, int] | None = None,
        operator: str = "",
    ) -> str:
        """One statement: `[m,n] += {0}[m,k] * {1}[n,k]` of the tensors read, as a new tensor.

        >>> net = Builder("one")
        >>> scope = Scope(net=net, batch=1, tokens=2, reach=2, prefix="block", repeat=3)
        >>> x, w = net.input("x", (2, 4)), scope.weight("w", 8, 4)
        >>> _ = scope.make("y", "[m,n] += {0}[m,k] * {1}[n,k]", x, w, shape=(2, 8))
        >>> str(net.einsums[0]), net.einsums[0].operations
        ('`block.y`[m,n] += x[m,k] * `block.w`[n,k]', 192)
        """
        name = self.name(short)
        statement = quoted(name) + text.format(*(quoted(read) for read in reads))
        return self.net.einsum(
            statement, shape=shape, bounds=bounds, operator=operator, repeat=self.repeat
        )

    def write(self, short: str, text: str, *reads: str, into: str, operator: str = "") -> str:
        """One statement whose result replaces the contents of a state."""
        shape = self.net.shape(into)
        made = self.view(short, into, *shape)
        view = self.net.tensors.pop(made)
        self.make(short, text, *reads, shape=shape, operator=operator)
        self.net.tensors[made] = view
        return made
