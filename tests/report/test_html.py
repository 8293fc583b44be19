"""Reports as files: complete, safe whatever the names are, and alive in a browser."""

from __future__ import annotations

import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cosynth.codesign import ChipProblem, estimate
from cosynth.codesign.explore import chip_space
from cosynth.codesign.front import Front, identity
from cosynth.codesign.goal import goal
from cosynth.format import assignment
from cosynth.hardware import load as device
from cosynth.report import data, html
from cosynth.search import Evaluation, Record, optimiser
from cosynth.workload.load import load

from .chromium import Browser

HOSTILE = "</script><img src=x onerror=\"document.title='taken'\"><!-- {{data}} ${x} \u2028 \ud800"
_ASSETS = Path(html.__file__).parent / "assets"
_STUCK = {"why": f"no tile fits {HOSTILE}"}


def _explored(count: int = 24) -> Front:
    """Random chips for a small network; one of them is said to be unable to run."""
    problem = ChipProblem(
        models=("deep-autoencoder",),
        space=chip_space(None),
        goal=goal("latency,energy,area", ("area=0.8mm2",)),
    )
    points = optimiser("random", problem, seed=3).ask(count)
    answers = list(problem.evaluate(points))
    answers[2] = Evaluation(objectives=(math.inf,) * 3, payload=_STUCK)
    records = tuple(
        Record(number=at, batch=0, point=points[at], evaluation=answer, elapsed=0.01 * at)
        for at, answer in enumerate(answers)
    )
    return Front(problem=problem, records=records, seed=3, optimiser="random")


@pytest.fixture(scope="module")
def exploration() -> dict[str, Any]:
    found = _explored()
    chosen = data.members(found)
    designs = {identity(each): found.problem.estimates(each.point) for each in chosen}
    plain: dict[str, Any] = json.loads(json.dumps(data.explore_data(found, designs)))
    return plain


@pytest.fixture(scope="module")
def single() -> dict[str, Any]:
    found = estimate(load("deep-autoencoder"), device("eyeriss"), assignment("int8"))
    plain: dict[str, Any] = json.loads(json.dumps(data.estimate_data(found)))
    return plain


def renamed(value: Any) -> Any:
    """Every name that a person can choose becomes hostile; keys of the contract stay."""
    if isinstance(value, dict):
        chosen = {"name", "model", "hardware", "why", "doc", "engine", "einsum", "version"}
        return {
            key: f"{HOSTILE} {each}" if key in chosen and isinstance(each, str) else renamed(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [renamed(each) if not isinstance(each, str) else f"{HOSTILE} {each}"
                for each in value]  # fmt: skip
    return value


def hostile(exploration: dict[str, Any]) -> dict[str, Any]:
    """Rename all but what joins parts of the data: objectives and parameters."""
    changed: dict[str, Any] = renamed(exploration)
    for key in ("objectives", "space", "knee", "front", "hypervolume", "limits"):
        changed[key] = exploration[key]
    changed["designs"] = {
        name: {HOSTILE: next(iter(models.values()))} for name, models in changed["designs"].items()
    }
    return changed


class _Outline(HTMLParser):
    """Tags in order, and whether they nest."""

    void = frozenset({"meta", "br", "img", "input", "link", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(value) for name, value in attrs if name in {"src", "href"}]
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def outline(page: str) -> _Outline:
    """Parse a page; fails where tags do not nest."""
    found = _Outline()
    found.feed(page)
    found.close()
    assert not found.open
    return found


def test_a_report_carries_its_data_unchanged(exploration: dict[str, Any]) -> None:
    assert html.embedded(html.write(exploration)) == exploration


def test_an_estimate_carries_its_data_unchanged(single: dict[str, Any]) -> None:
    assert html.embedded(html.write_estimate(single)) == single


def test_a_report_loads_nothing(exploration: dict[str, Any]) -> None:
    page = html.write(exploration)
    addresses = outline(page).addresses
    code = re.sub(r'(?s)id="data">.*?</script>', "", page)  # a citation may hold an address
    code = code.replace("http://www.w3.org/2000/svg", "")  # a name, not a place
    assert addresses == ["#main"]
    assert not re.search(r"https?://|\bsrc=|@import|url\(|fetch\(|XMLHttpRequest|import\(", code)


def test_the_page_forbids_itself_every_connection(exploration: dict[str, Any]) -> None:
    page = html.write(exploration)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")


def test_hostile_names_stay_text(exploration: dict[str, Any]) -> None:
    changed = hostile(exploration)
    page = html.write(changed)
    tags = outline(page).tags
    assert tags.count("script") == 2
    assert "img" not in tags
    assert html.embedded(page) == changed


def test_a_hostile_title_stays_text() -> None:
    page = html.write_estimate({"model": "</title><script>", "hardware": "a & {{script}} \ud800"})
    assert "<title>&lt;/title&gt;&lt;script&gt; on a &amp; {{script}} &#55296;" in page


def test_any_encoding_can_hold_the_data(exploration: dict[str, Any]) -> None:
    page = html.write(hostile(exploration))
    start = page.index('id="data">')
    assert page[start : page.index("</script>", start)].isascii()
    page.encode("utf-8")


def test_what_is_not_finite_becomes_null() -> None:
    page = html.write_estimate({"latency": math.inf, "layers": [{"gap": math.nan}]})
    assert html.embedded(page) == {
        "latency": None, "layers": [{"gap": None}], "cosynth": "estimate",
    }  # fmt: skip


def test_script_and_style_are_small() -> None:
    page = html.write({})
    blocks = re.findall(r"(?s)<style>(.*?)</style>|<script>(.*?)</script>", page)
    assert sum(len(block.encode()) for pair in blocks for block in pair) < 64 * 1024


def test_every_script_is_in_the_page() -> None:
    assert {path.stem for path in _ASSETS.glob("*.js")} == set(html.SCRIPTS)


def test_no_text_of_a_script_holds_another() -> None:
    """Spaces outside of texts are dropped, so where a text ends must be plain to see."""
    for path in _ASSETS.glob("*.js"):
        for text in re.findall(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`', path.read_text("utf-8")):
            assert text.startswith('"') or text.count("${") <= text.count("}"), (path.name, text)


def test_names_reach_the_page_as_text_only() -> None:
    for path in _ASSETS.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function",
            path.read_text("utf-8"),
        ), path.name


@pytest.fixture(scope="module")
def page(exploration: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html.write(exploration), encoding="utf-8")
    return path


screens = pytest.mark.parametrize(
    ("width", "dark"), [(1280, False), (1280, True), (360, False), (360, True)]
)


@pytest.mark.browser
@screens
def test_a_front_point_opens_its_design(
    browser: Browser, page: Path, exploration: dict[str, Any], width: int, dark: bool
) -> None:
    browser.size(width, 800, dark=dark)
    browser.open(page)
    browser.until("document.querySelector('.stairs')")
    marks = "document.querySelectorAll('.with-card .dot')"
    assert browser.value(f"{marks}.length") == len(exploration["evaluations"])
    assert browser.value(f"[...{marks}].filter(e => e.matches('.front')).length") == len(
        exploration["front"]
    )
    assert browser.value("document.documentElement.dataset.theme") == ("dark" if dark else "light")
    assert browser.value("document.documentElement.scrollWidth") == width
    browser.click(".front.knee")
    browser.until("document.querySelector('.design .row')")
    assert browser.value("location.hash") == f"#design={exploration['knee']}"
    layers = next(iter(exploration["designs"][exploration["knee"]].values()))["layers"]
    assert browser.value("document.querySelectorAll('.row').length") == len(layers)
    assert browser.value("document.documentElement.scrollWidth") == width
    assert browser.problems == []


@pytest.mark.browser
def test_keys_walk_the_front_and_open_a_design(browser: Browser, page: Path) -> None:
    browser.size(1280, 800)
    browser.open(page)
    browser.until("document.querySelector('.stairs')")
    browser.value("document.querySelector('a[tabindex=\"0\"] .front').parentNode.focus()")
    before = browser.value("document.activeElement.getAttribute('href')")
    browser.press("ArrowRight")
    after = browser.value("document.activeElement.getAttribute('href')")
    browser.press("Enter")
    browser.until("document.querySelector('.design')")
    assert before != after == browser.value("location.hash")


@pytest.mark.browser
def test_back_returns_to_the_front(browser: Browser, page: Path) -> None:
    browser.size(1280, 800)
    browser.open(page)
    browser.until("document.querySelector('.stairs')")
    browser.click(".front.knee")
    browser.until("document.querySelector('.design')")
    browser.value("history.back()")
    browser.until("document.querySelector('.overview .stairs')")
    assert browser.problems == []


@pytest.mark.browser
def test_a_deep_link_opens_a_design_and_its_layer(
    browser: Browser, page: Path, exploration: dict[str, Any]
) -> None:
    knee = exploration["knee"]
    layer = next(iter(exploration["designs"][knee].values()))["layers"][2]
    browser.size(1280, 800)
    browser.open(page, f"#design={knee}&layer=2")
    shown = browser.value("document.querySelector('.nest h3').textContent")
    lines = browser.value("[...document.querySelectorAll('pre span')].map(e => e.textContent)")
    assert (shown, lines) == (layer["name"], [line.strip() for line in layer["mapping"]])


@pytest.mark.browser
def test_an_unknown_design_is_said_to_be_unknown(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.value("location.hash = '#design=nowhere'")
    browser.until("document.querySelector('h1').textContent === 'No such design'")
    assert browser.problems == []


@pytest.mark.browser
def test_a_range_leaves_the_designs_that_keep_it(
    browser: Browser, page: Path, exploration: dict[str, Any]
) -> None:
    browser.size(1280, 800)
    browser.open(page)
    browser.until("document.querySelector('.stairs')")
    browser.value("document.querySelector('details').open = true")
    browser.value(
        "(input => { input.value = input.options[2].value;"
        " input.dispatchEvent(new Event('change')); })"
        "(document.querySelector('select[aria-label=\"rows from\"]'))"
    )
    rows = sorted({each["point"]["rows"] for each in exploration["evaluations"]})
    passing = [each for each in exploration["evaluations"] if each["point"]["rows"] >= rows[1]]
    status = browser.value("document.querySelector('[role=status]').textContent")
    assert status.startswith(f"{len(passing)} designs left")
    faint = browser.value("document.querySelectorAll('.with-card .dot.out').length")
    assert faint == len(exploration["evaluations"]) - len(passing)


@pytest.mark.browser
def test_dragging_along_an_axis_keeps_a_range(
    browser: Browser, page: Path, exploration: dict[str, Any]
) -> None:
    browser.size(1280, 800)
    browser.open(page)
    browser.until("document.querySelector('.zone')")
    browser.value("document.querySelector('.zone').scrollIntoView({block: 'center'})")
    left, top, height = browser.value(
        "(({x, y, width, height}) => [x + width / 2, y, height])"
        "(document.querySelector('.zone').getBoundingClientRect())"
    )
    browser.drag((left, top + 1), (left, top + height / 2))
    rows = sorted({each["point"]["rows"] for each in exploration["evaluations"]})
    upper = {row for at, row in enumerate(rows) if (at + 0.5) / len(rows) >= 0.5}
    passing = sum(each["point"]["rows"] in upper for each in exploration["evaluations"])
    status = browser.value("document.querySelector('[role=status]').textContent")
    assert status.startswith(f"{passing} designs left")


@pytest.mark.browser
def test_each_model_of_a_design_has_its_page(
    browser: Browser, exploration: dict[str, Any], tmp_path: Path
) -> None:
    knee = exploration["knee"]
    one = next(iter(exploration["designs"][knee].values()))
    models = {"first": {**one, "model": "first"}, "second": {**one, "model": "second"}}
    path = tmp_path / "two.html"
    path.write_text(html.write({**exploration, "designs": {knee: models}}), encoding="utf-8")
    browser.open(path, f"#design={knee}")
    browser.click(".models a:last-child")
    browser.until(f"document.querySelector('h1').textContent === 'second on {knee}'")
    assert browser.problems == []


@pytest.mark.browser
def test_headings_sort_the_front(browser: Browser, page: Path, exploration: dict[str, Any]) -> None:
    browser.size(1280, 800)
    browser.open(page)
    browser.until("document.querySelector('.stairs')")
    browser.value("document.querySelectorAll('thead button')[2].click()")
    first = browser.value("document.querySelector('tbody th').textContent")
    least = min(exploration["front"], key=lambda each: each["figures"]["energy"])
    assert first == least["id"]


@pytest.mark.browser
def test_hostile_names_run_nothing(
    browser: Browser, exploration: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(html.write(hostile(exploration)), encoding="utf-8")
    browser.size(360, 800)
    browser.open(path, f"#design={exploration['knee']}")
    assert "Cosynth" in browser.value("document.title")
    assert browser.value("document.querySelectorAll('img').length") == 0
    assert browser.value("document.documentElement.scrollWidth") == 360
    assert "<img" in browser.value("document.querySelector('h1').textContent")
    assert browser.problems == []


@pytest.mark.browser
@pytest.mark.parametrize("left", [0, 5])
def test_a_search_without_a_front_says_so(
    browser: Browser, exploration: dict[str, Any], tmp_path: Path, left: int
) -> None:
    evaluations = [{**each, "feasible": False} for each in exploration["evaluations"][:left]]
    evaluations += [{**exploration["evaluations"][2], "number": left}]
    nothing = {"front": [], "knee": None, "designs": {}, "evaluations": evaluations}
    empty = {**exploration, **nothing, "hypervolume": {"reference": [], "values": []}}
    path = tmp_path / "empty.html"
    path.write_text(html.write(empty), encoding="utf-8")
    browser.call("Page.navigate", url=path.as_uri())
    browser.until("document.querySelector('.warning')")
    said = browser.value("document.querySelector('.warning').textContent")
    assert said == "No design keeps every limit, so there is no front."
    if left:
        browser.until(f"document.querySelectorAll('.with-card .dot').length === {left + 1}")
    assert browser.problems == []


@pytest.mark.browser
def test_one_objective_has_a_front_of_one(
    browser: Browser, exploration: dict[str, Any], tmp_path: Path
) -> None:
    first = exploration["front"][0]
    path = tmp_path / "one.html"
    one = {"objectives": ["latency"], "front": [first], "knee": first["id"]}
    path.write_text(html.write({**exploration, **one}), encoding="utf-8")
    browser.open(path)
    browser.until("document.querySelector('.front')")
    assert browser.value("document.querySelectorAll('.gauge').length") == 1
    assert browser.problems == []


@pytest.mark.browser
def test_an_estimate_shows_every_layer_and_component(
    browser: Browser, single: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "estimate.html"
    path.write_text(html.write_estimate(single), encoding="utf-8")
    browser.size(1280, 800)
    browser.open(path)
    browser.until("document.querySelector('.row')")
    assert browser.value("document.querySelectorAll('.row').length") == len(single["layers"])
    names = browser.value("[...document.querySelectorAll('.tree li b')].map(e => e.textContent)")
    assert set(names) >= {part["name"] for part in single["parts"] if part["area"]}
    assert browser.problems == []


@pytest.mark.browser
def test_nothing_but_the_file_is_asked_for(browser: Browser, page: Path) -> None:
    browser.requests.clear()
    browser.open(page)
    browser.until("document.querySelector('.stairs')")
    assert set(browser.requests) <= {page.as_uri(), "about:blank"}
