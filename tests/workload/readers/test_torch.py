"""Exported programs against torch's own counter; runs where torch is installed."""

from __future__ import annotations

import pytest

from cosynth.errors import WorkloadError
from cosynth.workload.readers import torch as reader

torch = pytest.importorskip("torch")
pytestmark = [
    pytest.mark.slow,  # about 10 CPU seconds, most of them torch's own start
    pytest.mark.filterwarnings("ignore"),  # torch warns about itself
]
nn, functional = torch.nn, torch.nn.functional


class Mixed(nn.Module):
    """Convolutions of every kind, a pool of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16)
        self.depthwise = nn.Conv2d(16, 16, 3, 1, 1, groups=16)
        self.grouped = nn.Conv2d(16, 32, 3, dilation=2, groups=4)
        self.up = nn.ConvTranspose2d(32, 8, 2, 2)

    def forward(self, x):
        x = torch.relu(self.norm(self.first(x)))
        x = functional.max_pool2d(self.grouped(self.depthwise(x) + x), 2)
        x = functional.interpolate(functional.hardswish(self.up(x)), scale_factor=2.0)
        x = functional.avg_pool2d(x, 2, 2)
        return functional.adaptive_avg_pool2d(x, 1).flatten(1)


class Line(nn.Module):
    """A 1-D convolution, an embedding, arithmetic with numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.conv = nn.Embedding(50, 8), nn.Conv1d(8, 4, 3, padding=1)

    def forward(self, at):
        x = self.conv(self.table(at).transpose(1, 2))
        left, right = torch.split(x, 2, dim=1)
        x = torch.cat([left * 2.0, torch.sigmoid(right)], dim=1)
        return (x.mean(2, keepdim=True) - x).pow(2).sum(-1)


class Attention(nn.Module):
    """Products by hand, normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.mix = nn.LayerNorm(32), nn.Linear(32, 96)

    def forward(self, x):
        q, k, v = self.mix(self.norm(x)).chunk(3, dim=-1)
        scores = torch.softmax(q @ k.transpose(1, 2) / 5.0, dim=-1)
        return torch.bmm(scores, v)


CASES = {
    "mixed": (Mixed(), (torch.zeros(2, 3, 32, 32),), 32),
    "line": (Line(), (torch.zeros(2, 9, dtype=torch.long),), 0),
    "attention": (Attention(), (torch.zeros(2, 7, 32),), 0),
    "mlp": (nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 2)), (torch.zeros(3, 4),), 0),
}


@pytest.mark.parametrize("case", CASES)
def test_operations_and_parameters_equal_torch(case: str) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    module, inputs, statistics = CASES[case]
    module = module.eval()
    with FlopCounterMode(display=False) as counter:
        made = module(*inputs)
    workload = reader.read(torch.export.export(module, inputs), case)
    assert 2 * workload.operations == counter.get_total_flops()
    # means and variances are buffers to torch and weights to the graph
    stored = sum(p.numel() for p in module.parameters()) + statistics
    assert workload.parameters == stored
    output = [t for t in workload.tensors if t.role == "output"][-1]
    assert output.shape == tuple(made.shape)


def test_shared_heads_attend() -> None:
    """torch's counter leaves the fused CPU kernel out, so this one is counted by hand."""

    class Fused(nn.Module):
        def forward(self, q, k, v):
            return functional.scaled_dot_product_attention(q, k, v)

    shapes = [(1, 4, 5, 8), (1, 4, 6, 8), (1, 4, 6, 8)]
    program = torch.export.export(Fused(), tuple(torch.zeros(s) for s in shapes))
    assert reader.read(program).operations == 2 * 4 * 5 * 6 * 8


def test_an_unknown_operator_is_named_wrong() -> None:
    class Odd(nn.Module):
        def forward(self, x):
            return torch.cumprod(x, 0)

    program = torch.export.export(Odd(), (torch.zeros(4),))
    with pytest.raises(WorkloadError) as caught:
        reader.read(program, "odd")
    assert str(caught.value) == (
        "odd: node 'cumprod' (aten.cumprod.default): cannot be expressed: "
        "operator 'cumprod' is unknown"
    )


def test_symbolic_shapes_are_refused_wrong() -> None:
    module = nn.Linear(4, 2)
    dims = {"input": {0: torch.export.Dim("batch")}}
    program = torch.export.export(module, (torch.zeros(3, 4),), dynamic_shapes=dims)
    with pytest.raises(WorkloadError, match="is symbolic; export with static shapes"):
        reader.read(program)
