"""The nets that benchmarks train: their sizes, and normalisations folded in."""

from __future__ import annotations

import numpy as np
import pytest
from bench import nets
from onnx.reference import ReferenceEvaluator

from cosynth.compress import Choice, Runner, network


def test_resnet18_has_the_weights_of_resnet18():
    """11,689,512 parameters (torchvision's count), 21 layers that multiply."""
    model = nets.resnet18(fold=False)
    weights = nets.weights_of(model)
    moving = [n for n in weights if n.endswith((".mean", ".variance"))]
    assert sum(v.size for n, v in weights.items() if n not in moving) == 11_689_512
    assert len(network(model, "net").sites) == 21


@pytest.mark.parametrize("seed", [0, 1])
def test_folding_a_normalisation_changes_nothing(seed):
    model = nets.digits(seed, fold=False)
    rng = np.random.default_rng(seed)
    drawn = {
        name: rng.uniform(0.5, 2, values.shape).astype(np.float32)
        for name, values in nets.weights_of(model).items()
        if name.endswith((".scale", ".shift", ".mean", ".variance"))
    }
    model = nets.with_weights(model, drawn)
    folded = nets.folded(model)
    assert "BatchNormalization" not in {node.op_type for node in folded.graph.node}
    x = rng.standard_normal((2, 1, 8, 8)).astype(np.float32)
    wanted, found = (ReferenceEvaluator(each).run(None, {"x": x})[0] for each in (model, folded))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_the_transformer_looks_back_only():
    model = nets.transformer(words=9, length=6, width=16, heads=2, layers=1)
    runner = Runner(network=network(model, "net"))
    assert len([site for site in runner.network.sites if site.weight is None]) == 2
    x = np.arange(6)[None] % 9
    later = x.copy()
    later[0, 4:] = 8
    choices = {site.name: Choice(weights="int8") for site in runner.network.sites}
    one, other = (runner.run({"x": each}, choices)["scores"] for each in (x, later))
    assert np.array_equal(one[:, :4], other[:, :4])
    assert not np.array_equal(one[:, 4:], other[:, 4:])
