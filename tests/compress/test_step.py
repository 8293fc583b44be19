"""Steps by name, and what they know of a site."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from tests.compress import nets

from cosynth.compress import steps
from cosynth.compress.calibrate import watched
from cosynth.compress.choices import Choice
from cosynth.compress.network import network
from cosynth.compress.run import Runner
from cosynth.compress.step import Factors, magnitudes, step, step_names, stepped, summed
from cosynth.compress.steps.hadamard import Hadamard
from cosynth.errors import SpecError


def test_there_are_as_many_steps_as_files():
    files = [p for p in Path(steps.__path__[0]).glob("*.py") if p.stem != "__init__"]
    assert len(step_names()) == len(files)
    for name in step_names():
        assert step(name).option == type(step(name)).default


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hadamart", "no step 'hadamart'; did you mean 'hadamard'"),
        ("x", "no step 'x'; there are clip-mse, clip-percentile, hadamard, reorder"),
        ("hadamard:big", "step 'hadamard:big': 'big' is no number"),
        ("clip-percentile:101", "step 'clip-percentile:101': expected 50 to 100"),
        ("hadamard:nan", "step 'hadamard:nan': expected 2 to 65536"),
        ("hadamard:", "step 'hadamard:': '' is no number"),
    ],
)
def test_a_step_that_is_none_wrong(text, said):
    with pytest.raises(SpecError, match=said):
        step(text)


def test_a_group_adds_its_own_channels_only():
    net = network(nets.convolutions(), "net")
    lengths = {}

    class Watching(Hadamard):
        def change(self, factors: Factors) -> None:
            lengths[factors.site.name] = factors.length
            assert all(len(each) == factors.length for each in magnitudes(factors))

    x = np.ones((1, 3, 8, 8), dtype=np.float32)
    runner = stepped(Runner(network=net), [Watching()], [{"x": x}])
    assert lengths == {"c1": 3, "c2": 1, "c3": 16, "y": 32}
    assert not any(runner.changes.values())


def test_a_transposed_convolution_in_groups():
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], group=2)
    w = np.random.default_rng(0).standard_normal((8, 3, 3, 3)).astype(np.float32)
    net = network(nets.model([node], (1, 8, 4, 4), (1, 6, 6, 6), {"w": w}), "net")
    x = np.random.default_rng(1).standard_normal((1, 8, 4, 4)).astype(np.float32)
    runner = Runner(network=net)
    seen = {at: one for (_, at), one in watched(runner, [{"x": x}]).items()}
    assert summed(net, net.sites[0], seen) == 4
    turned = stepped(runner, [step("hadamard"), step("reorder")], [{"x": x}])
    wide = {"y": Choice(weights="tf32", activations="fp32")}
    plain = runner.run({"x": x}, wide)["y"]
    np.testing.assert_allclose(turned.run({"x": x}, wide)["y"], plain, rtol=0.01, atol=0.01)
