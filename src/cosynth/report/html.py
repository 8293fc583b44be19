"""One HTML file that shows a result: its data, script and style inside, nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

# in the order in which the script needs them
SCRIPTS = (
    "units", "dom", "axis", "overview", "front", "parallel", "verified", "convergence",
    "design", "tree", "roofline", "layers", "mapping", "main",
)  # fmt: skip
# those that only one kind of page needs
_MAPS = {"mapping"}
_DESIGNS = {"overview", "front", "parallel", "verified", "convergence", "design", "tree"}
_SPACED = re.compile(
    r'(?P<text>"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)'
    r"|\s*(?P<sign>[=,:?({&|<>*]|(?<= )[+-](?= [^+-]))\s*"
    r"|\((?P<one>\w+)\) (?==>)"
    r"|(?P<last>;\s*(?=\}))"
    r"|\s*(?P<end>[]);}.])(?:(?<=;)\s*| *)"
    r"| *(?P<mark>[!\[]) *"
)
_MARK = re.compile(r"\{\{(\w+)\}\}")


def write(data: Mapping[str, object]) -> str:
    """Return the report of an exploration, given `explore_data`, as one HTML document.

    >>> page = write({"models": ["</script><b>"], "front": []})
    >>> "</script><b>" in page, embedded(page)["models"]
    (False, ['</script><b>'])
    """
    models = data.get("models")
    names = models if isinstance(models, Sequence) and not isinstance(models, str) else [models]
    return _page(f"{' + '.join(map(str, names))} · exploration · Cosynth", data)


def write_estimate(data: Mapping[str, object]) -> str:
    """Return the report of one estimate, given `estimate_data`, as one HTML document.

    >>> "<title>lenet on tiny" in write_estimate({"model": "lenet", "hardware": "tiny"})
    True
    """
    title = f"{data.get('model')} on {data.get('hardware')} · estimate · Cosynth"
    return _page(title, {**data, "cosynth": "estimate"})


def write_mapping(data: Mapping[str, object]) -> str:
    """Return the report of mappings, given `map_data`, as one HTML document.

    >>> "<title>lenet on tiny" in write_mapping({"model": "lenet", "hardware": "tiny"})
    True
    """
    title = f"{data.get('model')} on {data.get('hardware')} · mappings · Cosynth"
    return _page(title, {**data, "cosynth": "mapping"})


def embedded(page: str) -> dict[str, object]:
    """Return the data that a report carries.

    >>> embedded(write_estimate({"latency": 0.5}))["latency"]
    0.5
    """
    start = page.index('id="data">') + len('id="data">')
    found: dict[str, object] = json.loads(page[start : page.index("</script>", start)])
    return found


def _page(title: str, data: Mapping[str, object]) -> str:
    script, style = _script(data.get("cosynth") == "mapping"), _style()
    parts = {
        "title": _ascii(html.escape(title)),
        "data": _json(data),
        "script": script,
        "style": style,
        "script_digest": _digest(script),
        "style_digest": _digest(style),
    }
    # one pass, so that nothing in the data is taken for a place to fill
    return _MARK.sub(lambda match: parts[match.group(1)], _asset("template.html"))


def _json(data: object) -> str:
    """JSON that ends no script block: ASCII, and no `<`, `>` or `&` as such."""
    text = json.dumps(_finite(data), separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _finite(data: object) -> object:
    """JSON knows no infinity: what is not finite becomes null."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {str(key): _finite(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(value) for value in data]
    return data


def _ascii(text: str) -> str:
    """Text that every encoding can hold, half surrogates included."""
    return text.encode("ascii", "xmlcharrefreplace").decode("ascii")


@cache
def _script(maps: bool) -> str:
    """The scripts of a page in a scope of their own; indentation and comments stay at home."""
    names = [name for name in SCRIPTS if name not in (_DESIGNS if maps else _MAPS)]
    lines = [line.strip() for name in names for line in _asset(f"{name}.js").splitlines()]
    kept = [line for line in lines if line and not line.startswith("//")]
    return "\n".join(['(() => { "use strict";', _squeezed("\n".join(kept)), "})();"])


@cache
def _style() -> str:
    lines = [line.strip() for line in _asset("report.css").splitlines()]
    style = "".join(re.sub(r" ?([{};,]) ?|(?<=:) ", r"\1", line) for line in lines)
    return re.sub(r"(?<=[ :(,])0(?=\.\d)", "", style).replace(";}", "}")


def _squeezed(script: str) -> str:
    """Drop space beside signs and outside of texts; texts hold no nested backquotes."""
    return _SPACED.sub(
        lambda match: "" if match.lastgroup == "last" else match[match.lastgroup or 0], script
    )


def _digest(text: str) -> str:
    """How the page's own policy names the only script and style it lets run."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _asset(name: str) -> str:
    path = resources.files("cosynth.report").joinpath("assets", name)
    return path.read_text(encoding="utf-8")
