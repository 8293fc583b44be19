"""Points: one as a mapping, many as columns."""

import pickle

import pytest

from cosynth.errors import SpecError
from cosynth.search import Point, Space, category, power


def test_points_are_immutable_hashable_and_pickle() -> None:
    point = Point({"b": 1, "a": "x"})
    assert pickle.loads(pickle.dumps(point)) == point == {"a": "x", "b": 1}
    assert hash(point) == hash(Point({"a": "x", "b": 1}))
    with pytest.raises(TypeError):
        point["b"] = 2  # type: ignore[index]


def test_columns_hold_the_values_and_active_says_where() -> None:
    space = Space.of(
        category("engine", ["dot", "systolic"]), power("rows", 2, 8, when={"engine": "systolic"})
    )
    points = space.encode([{"engine": "dot"}, {"engine": "systolic", "rows": 8}])
    assert points.column("rows").tolist() == [2, 8]
    assert points.active("rows").tolist() == [False, True]
    assert [dict(point) for point in points[1:]] == [{"engine": "systolic", "rows": 8}]


def test_a_column_of_no_parameter_wrong() -> None:
    points = Space.of(power("rows", 1, 8)).encode([{"rows": 4}])
    with pytest.raises(SpecError) as caught:
        points.column("row")
    assert str(caught.value) == "'row': no such parameter; did you mean 'rows'?"
    with pytest.raises(IndexError):
        points[1]
