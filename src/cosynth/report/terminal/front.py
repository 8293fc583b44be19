"""A search on the terminal: the Pareto front as a table, and its knee in full."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from cosynth.report.contract import ExploreData, MemberData, ParameterData, Value
from cosynth.report.terminal.text import MUTED, NAME, STRONG, WARN, named, safe, table, titled
from cosynth.units import UNITS, show

FIGURES = {"latency": "time", "energy": "energy", "area": "area", "power": "power"}
_MOST_ROWS = 24


def front_view(data: ExploreData, width: int) -> RenderableType:
    """Show a search in so many columns; parameters that do not fit are told of the knee alone."""
    feasible = sum(each["feasible"] for each in data["evaluations"])
    said = f"{len(data['evaluations'])} evaluations in {show(data['elapsed'], 'time')}"
    said += f", {feasible} feasible, seed {data['seed']}, {safe(data['optimiser'])}"
    head = Text.assemble(named(" ".join(data["models"]), STRONG), (f" · {said}", MUTED))
    if not data["front"]:
        return Group(head, _whys(data))
    shown = _shown(data)
    left = f", {len(shown)} of them below, all in the report" * (len(shown) < len(data["front"]))
    size = len(data["front"])
    title = f"Pareto front: {size} design{'s'[: size > 1]}{left}; ◆ is the knee"
    return Group(head, titled(title, _table(data, shown, width - 2)), _knee(data))


def _shown(data: ExploreData) -> list[MemberData]:
    """All members that are described in full, or some spread evenly with the knee among them."""
    front = [member for member in data["front"] if member["id"] in data["designs"]]
    if len(front) <= _MOST_ROWS:
        return front
    places = {at * (len(front) - 1) // (_MOST_ROWS - 1) for at in range(_MOST_ROWS)}
    return [m for at, m in enumerate(front) if at in places or m["id"] == data["knee"]]


def _table(data: ExploreData, shown: list[MemberData], width: int) -> RenderableType:
    figures = list(data["objectives"])
    wanted = {"latency", "energy", "area"} | {limit["figure"] for limit in data["limits"]}
    figures += [name for name in FIGURES if name in wanted and name not in figures]
    heads = ["design", *figures]
    body = [[_name(member, data), *(_figure(member, name) for name in figures)] for member in shown]
    used = sum(max(len(row[at]) for row in [heads, *body]) + 2 for at in range(len(heads)))
    for parameter in _varying(data):
        name = parameter["name"]
        cells = [shown_value(member["point"].get(name), parameter) for member in shown]
        heading = name.replace("_", "\n")
        wide = max(len(text) for text in [*heading.split("\n"), *cells]) + 2
        if used + wide > width + 2:
            continue
        used += wide
        heads.append(heading)
        for row, cell in zip(body, cells, strict=True):
            row.append(cell)
    rows = table(*heads)
    for member, row in zip(shown, body, strict=True):
        knee = member["id"] == data["knee"]
        rows.add_row(named(row[0], WARN if knee else NAME), *row[1:], style=STRONG if knee else "")
    return rows


def _varying(data: ExploreData) -> list[ParameterData]:
    """Parameters in which the front differs."""
    points = [member["point"] for member in data["front"]]
    return [
        each
        for each in data["space"]
        if len({str(point.get(each["name"])) for point in points}) > 1
    ]


def _name(member: MemberData, data: ExploreData) -> str:
    return f"{member['id']} ◆" if member["id"] == data["knee"] else member["id"]


def _figure(member: MemberData, name: str) -> str:
    value = {**member["figures"]}.get(name)
    if not isinstance(value, (int, float)):
        return ""
    return show(value, FIGURES[name]) if name in FIGURES else f"{value:.3g}"


def shown_value(value: Value | None, parameter: ParameterData) -> str:
    """Write the value of a parameter in the unit of its dimension."""
    if value is None:
        return ""
    dimension = parameter["dimension"]
    if isinstance(value, (str, bool)) or dimension not in UNITS:
        return safe(value)
    if dimension == "number" and parameter["name"].endswith("bandwidth"):
        dimension = "bandwidth"
    return f"{value:g}" if dimension in {"number", "bits"} else show(value, dimension)


def _knee(data: ExploreData) -> RenderableType:
    member = next(each for each in data["front"] if each["id"] == data["knee"])
    said = [
        f"{each['name']} {shown_value(member['point'][each['name']], each)}"
        for each in data["space"]
        if each["name"] in member["point"]
    ]
    return titled(f"Knee: {member['id']}", Text(safe(", ".join(said))))


def _whys(data: ExploreData) -> RenderableType:
    """What broke how often, when nothing is feasible."""
    count: dict[str, int] = {}
    for each in data["evaluations"]:
        for text in [*each["broken"], *([each["why"]] if each["why"] else [])]:
            first = text.splitlines()[0]
            count[first] = count.get(first, 0) + 1
    rows = table("points", ("limit", "left"))
    for text in sorted(count, key=lambda limit: -count[limit])[:8]:
        rows.add_row(str(count[text]), Text(safe(text)))
    return titled("No point is feasible. Limits that were broken:", rows)
