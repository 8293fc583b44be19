"""Spaces: members, counts, codes, samples, neighbours."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosynth.errors import SpecError
from cosynth.search import Point, Space, category, integer, power, real
from cosynth.search.parameter import MOST_VALUES, Parameter


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    parameters: list[Parameter] = []
    for index in range(draw(st.integers(1, 4))):
        when = {}
        if parameters and draw(st.booleans()):
            target = draw(st.sampled_from(parameters))
            values = Space.of(*parameters).values(target.name)
            when = {target.name: draw(st.lists(st.sampled_from(values), min_size=1, max_size=2))}
        name = f"p{index}"
        low = draw(st.integers(1, 5))
        parameters.append(
            draw(
                st.sampled_from(
                    [
                        integer(name, low, low + 4, step=2, when=when),
                        integer(name, low, low + 3, scale="log", when=when),
                        power(name, 1, 4, when=when),
                        category(name, ["a", "b", True, 2.5], when=when),
                        real(name, 0.5, 8, scale="log", levels=3, when=when),
                    ]
                )
            )
        )
    return Space.of(*parameters)


def brute(space: Space) -> set[Point]:
    """All points by trying every combination and dropping what is inactive."""
    found = set()
    for values in itertools.product(*(space.values(name) for name in space.names)):
        chosen: dict[str, object] = {}
        for parameter, value in zip(space.parameters, values, strict=True):
            if all(
                c.name in chosen
                and any(chosen[c.name] == v and type(chosen[c.name]) is type(v) for v in c.values)
                for c in parameter.when
            ):
                chosen[parameter.name] = value
        found.add(Point(chosen))
    return found


@given(spaces())
@settings(max_examples=60, deadline=None)
def test_grid_is_every_point_once_and_size_its_length(space: Space) -> None:
    grid = list(space.grid())
    assert len(grid) == space.size == len(set(grid))
    assert set(grid) == brute(space)


@given(spaces(), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_codes_mappings_and_units_round_trip(space: Space, seed: int) -> None:
    points = space.sample(np.random.default_rng(seed), 8)
    assert np.array_equal(space.encode(list(points)).codes, points.codes)
    assert np.array_equal(space.from_units(space.units(points.codes)), points.codes)
    assert np.array_equal(space.canonical(points.codes), points.codes)


@given(spaces(), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_neighbours_are_mutual_where_all_is_active(space: Space, seed: int) -> None:
    codes = space.sample(np.random.default_rng(seed), 1).codes
    near = space.neighbours(codes)
    assert np.array_equal(near, space.canonical(near))
    for row in near:
        assert not np.array_equal(row, codes[0])
        if space.active(codes).all() and space.active(row[None]).all():
            assert codes[0].tolist() in space.neighbours(row[None]).tolist()


def test_neighbours_are_one_step_in_one_parameter() -> None:
    space = Space.of(integer("rows", 1, 9), category("order", ["row", "column", "tile"]))
    near = {tuple(row) for row in space.neighbours(np.array([[3, 1]])).tolist()}
    assert near == {(2, 1), (4, 1), (3, 0), (3, 2)}


def test_a_real_value_may_be_written_with_fewer_digits() -> None:
    space = Space.of(real("voltage", 0.6, 1.0, levels=5))
    assert space.encode([{"voltage": 0.7}, {"voltage": 0.9}]).codes.tolist() == [[1], [3]]


def test_size_of_a_huge_space_is_exact() -> None:
    space = Space.of(*(real(f"x{index}", 0, 1) for index in range(20)))
    assert space.size == 1001**20


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ([], "space: holds no parameter; give at least one"),
        ([power("n", 3, 8)], "parameter 'n'.low: 3 is not a power of two; use 4"),
        ([integer("n", 9, 3)], "parameter 'n': low (9) is more than high (3)"),
        (
            [integer("n", 0, 3, scale="log")],
            "parameter 'n'.low: 0 must be more than 0 on a log scale",
        ),
        ([integer("n", 0, 3, scale="lag")], "parameter 'n'.scale: 'lag' is not one of linear, log"),
        ([real("n", 1, 1)], "parameter 'n': low and high are both 1; a real range needs two ends"),
        (
            [real("n", 0, float("nan"))],
            "parameter 'n': low (0) and high (nan) must be finite numbers",
        ),
        ([category("n", [])], "parameter 'n'.values: lists no value"),
        ([category("n", ["a", "a"])], "parameter 'n'.values: a stands twice"),
        ([power("n", 1, 2), power("n", 1, 2)], "parameter 'n'.name: 'n' stands twice"),
        (
            [integer("n", 0, MOST_VALUES)],
            "parameter 'n': 1,000,001 values are more than 1,000,000;"
            " use a larger step, or kind power or real",
        ),
        (
            [power("rows", 1, 2), power("n", 1, 2, when={"row": 1})],
            "parameter 'n'.when.row: no parameter of this name stands before 'n';"
            " did you mean 'rows'?",
        ),
        (
            [power("rows", 1, 2), power("n", 1, 2, when={"rows": 3})],
            "parameter 'n'.when.rows: 3 is no value of 'rows'",
        ),
    ],
)
def test_space_wrong(parameters: list[Parameter], text: str) -> None:
    with pytest.raises(SpecError) as caught:
        Space.of(*parameters)
    assert str(caught.value) == text


def test_encode_wrong() -> None:
    space = Space.of(power("rows", 1, 8), category("order", ["row", "column"]))
    with pytest.raises(SpecError) as caught:
        space.encode([{"row": 3, "order": "tile"}, {"rows": 8, "order": "row"}])
    assert caught.value.problems == (
        "points[0].row: no such parameter; did you mean 'rows'?",
        "points[0].order: 'tile' is no value of it",
        "points[0].rows: required, absent",
    )
