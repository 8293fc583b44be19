"""Jobs: a group with its formats, its extras and its twin."""

from __future__ import annotations

from tests.cost.conftest import convolution

from cosynth.cost import job
from cosynth.format import assignment
from cosynth.workload.passes import groups


def test_a_group_reads_its_bias_besides():
    model = convolution(k=32)
    (group,) = groups(model)
    one = job(model, group, assignment("weights=int4,activations=int8"))
    assert [(name, size, format.name) for name, size, format in one.extras] == [("b", 32, "int4")]
    assert one.parts == {"x": "input", "w": "weight", "o": "output"}
    assert [format.name for format in one.factors] == ["int8", "int4"]
    # one addition and one comparison for each output element
    assert one.vector_operations == 2 * 32 * 14 * 14


def test_names_of_a_twin_are_translated():
    model = convolution()
    first = job(model, groups(model)[0], assignment("int8"))
    assert first.head is first
    assert first.renamed("w") == "w"
