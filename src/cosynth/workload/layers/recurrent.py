"""Recurrent cells: the inputs of all steps at once, then one step per element of the sequence."""

from __future__ import annotations

from dataclasses import dataclass

from cosynth.workload.builder import Builder
from cosynth.workload.graph import Tensor
from cosynth.workload.layers.elementwise import at

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a cell leaves behind: its last hidden state (one copy per step) and cell state."""

    hidden: str
    cell: str = ""


def recurrent(
    net: Builder,
    name: str,
    x: str,
    weight: str,
    recurrence: str,
    *,
    bias: str | None = None,
    cell: str = "LSTM",
) -> Cell:
    """One direction over a sequence [t,n,c], with weights [g,k,c] and recurrences [g,k,h].

    Gates are ordered as ONNX orders them (LSTM: input, output, forget, cell). The bias [2,g,k]
    is added where it acts. Steps repeat `t` times; their states live in `state` tensors.

    >>> net = Builder("one")
    >>> x = net.input("x", (5, 1, 8))
    >>> w, r = net.weight("w", (4, 16, 8)), net.weight("r", (4, 16, 16))
    >>> recurrent(net, "cell", x, w, r).hidden, net.build().operations
    ('cell.hidden', 7680)
    """
    steps, batch, _ = net.shape(x)
    gates, width, _ = net.shape(weight)
    whole = (steps, batch, gates, width)
    text = (
        f"{at(f'{name}.inputs', list('tngk'))} += {at(x, list('tnc'))} * {at(weight, list('gkc'))}"
    )
    entering = net.einsum(text, shape=whole, operator=cell)
    if bias:
        text = f"{at(f'{name}.biased', list('tngk'))} = {at(entering, list('tngk'))}"
        text += f" + {at(bias, ['0', 'g', 'k'])}"
        # the reset gate of a GRU acts on the second half of its bias, too
        text += "" if cell == "GRU" else f" + {at(bias, ['1', 'g', 'k'])}"
        entering = net.einsum(text, shape=whole, operator=cell)
    state = net.state(f"{name}.state", (batch, width))
    text = f"{at(f'{name}.sums', list('ngk'))} += {at(state, list('nh'))} * "
    text += at(recurrence, list("gkh"))
    sums = net.einsum(text, shape=(batch, gates, width), operator=cell, repeat=steps)
    if bias and cell == "GRU":
        text = f"{at(f'{name}.fed', list('ngk'))} = {at(sums, list('ngk'))}"
        text += f" + {at(bias, ['1', 'g', 'k'])}"
        shape = (batch, gates, width)
        sums = net.einsum(text, shape=shape, operator=cell, repeat=steps)
    now = net.add(
        Tensor(
            name=f"{name}.now",
            shape=(batch, gates, width),
            role="activation",
            repeat=steps,
            view_of=net.owners(entering),
        )
    )
    gate = [f"{at(now, ['n', str(g), 'k'])}" for g in range(gates)]
    fed = [f"{at(sums, ['n', str(g), 'k'])}" for g in range(gates)]
    here = _Step(net=net, name=name, shape=(batch, width), operator=cell, steps=steps, state=state)
    return {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}[cell](here, gate, fed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One step of the sequence, and how to add an einsum to it."""

    net: Builder
    name: str
    shape: tuple[int, int]
    operator: str
    steps: int
    state: str

    def add(self, part: str, expression: str) -> str:
        """An einsum over batch and width, once per step."""
        text = f"{at(f'{self.name}.{part}', ['n', 'k'])} = {expression}"
        return self.net.einsum(
            text,
            shape=self.shape,
            bounds={"n": self.shape[0], "k": self.shape[1]},
            operator=self.operator,
            repeat=self.steps,
        )


def _lstm(step: _Step, gate: list[str], fed: list[str]) -> Cell:
    enter, leave, forget, fresh = (f"{g} + {f}" for g, f in zip(gate, fed, strict=True))
    memory = step.net.state(f"{step.name}.memory", step.shape)
    kept = f"sigmoid({forget}) * {at(memory, ['n', 'k'])}"
    cell = step.add("cell", f"{kept} + sigmoid({enter}) * tanh({fresh})")
    hidden = step.add("hidden", f"sigmoid({leave}) * tanh({at(cell, ['n', 'k'])})")
    return Cell(hidden=hidden, cell=cell)


def _gru(step: _Step, gate: list[str], fed: list[str]) -> Cell:
    update = step.add("update", f"sigmoid({gate[0]} + {fed[0]})")
    fresh = step.add("fresh", f"tanh({gate[2]} + sigmoid({gate[1]} + {fed[1]}) * {fed[2]})")
    share, new, old = (at(x, ["n", "k"]) for x in (update, fresh, step.state))
    return Cell(hidden=step.add("hidden", f"(1 - {share}) * {new} + {share} * {old}"))


def _rnn(step: _Step, gate: list[str], fed: list[str]) -> Cell:
    return Cell(hidden=step.add("hidden", f"tanh({gate[0]} + {fed[0]})"))
