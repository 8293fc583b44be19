"""A search held in one noun: members, knee, designs, and why there may be none."""

from __future__ import annotations

import pytest

from cosynth import codesign, search
from cosynth.codesign.front import explore, identity, temporary_study, why_nothing
from cosynth.errors import InfeasibleError
from cosynth.search import category


def found(*limits, budget=4):
    space = search.Space.of(category("rows", [4, 8]), category("columns", [4, 8]))
    problem = codesign.ChipProblem(
        models=("deep-autoencoder",), space=space, goal=codesign.goal("latency,area", limits)
    )
    chosen = search.optimiser("exhaustive", problem, 3)
    with temporary_study(problem, chosen) as study:
        path = study.path
        made = explore(problem, chosen, study, search.Budget(evaluations=budget))
    assert not path.exists()
    return made


@pytest.fixture(scope="module")
def front():
    return found()


def test_members_are_sorted_by_the_first_objective(front):
    values = [record.evaluation.objectives for record in front.members]
    assert values == sorted(values)
    assert len(values) == len(set(values))


def test_the_knee_is_a_member_with_mappings(front):
    knee = front.knee()
    assert knee.name in {identity(record) for record in front.members}
    assert knee.seed == 3
    assert len(knee.mappings["deep-autoencoder"]) > 3


def test_designs_carry_the_figures_that_were_searched(front):
    for record, design in zip(front.members, front.designs, strict=True):
        assert design.figures["latency"] == record.evaluation.objectives[0]
        assert design.point == dict(record.point)


def test_a_written_design_reads_back(front, tmp_path):
    from cosynth.codesign import design as file

    record = front.members[0]
    path = tmp_path / "d.json"
    path.write_text(front.written(record, front.estimates(record)))
    again = file.read(path)
    assert (again.name, again.figures) == (identity(record), front.design(record).figures)
    assert again.mappings == front.design(record).mappings


def test_without_a_front_the_limit_is_named_wrong():
    nothing = found("area=1um2", "latency=1h")
    assert nothing.members == ()
    assert nothing.designs == ()
    with pytest.raises(InfeasibleError) as caught:
        nothing.knee()
    said = str(caught.value)
    assert said == why_nothing(nothing)
    assert said.startswith(
        "none of 4 points is feasible; most often broken: area <= 1 µm² (4 points; the least found"
    )


def test_an_empty_study_says_so():
    assert why_nothing(found(budget=0)) == "nothing was evaluated"
