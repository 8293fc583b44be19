"""What all views share: safe text, numbers for people, plain tables."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cosynth.units import show

NAME, MUTED, STRONG, WARN = "cyan", "dim", "bold", "yellow"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def safe(text: object) -> str:
    """Return text in which nothing can steer a terminal: a name may come from a hostile file.

    >>> safe("conv" + chr(27) + "[2J")
    'conv�[2J'
    """
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in str(text))


def named(text: object, style: str = NAME) -> Text:
    """Return a name that is never read as markup."""
    line = safe(text).replace("\n", "�")
    return Text(line, style=style, no_wrap=True, overflow="ellipsis")


def count(number: float) -> str:
    """Write a count: exact below ten thousand, else three digits and a prefix.

    >>> count(512), count(11_689_512), count(0)
    ('512', '11.7 M', '')
    """
    if not number:
        return ""
    return f"{number:,.0f}" if abs(number) < 10_000 else show(number, "number")


def percent(share: float) -> str:
    """Write a share of 1 as per cent.

    >>> percent(0.591), percent(0.0004), percent(0)
    ('59 %', '<1 %', '')
    """
    if share <= 0:
        return ""
    return "<1 %" if share < 0.005 else f"{share:.0%}".replace("%", " %")


def bar(share: float, width: int) -> Text:
    """Draw a share of 1 as a bar of `width` columns.

    >>> bar(0.5, 4).plain
    '██  '
    """
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    whole, rest = divmod(eighths, 8)
    drawn = "█" * whole + (_EIGHTHS[rest] if rest else "")
    return Text(drawn.ljust(width), style=NAME)


def table(*columns: str | tuple[str, str]) -> Table:
    """Return an empty table; the first column holds names, the others numbers to the right.

    A column given as (heading, "left") holds text, as (heading, "fixed") what must not be cut.
    Where there is no room, names and texts give way; cells made by `named` are cut, others wrap.
    """
    made = Table(box=None, pad_edge=False, header_style=MUTED, padding=(0, 2, 0, 0))
    for at, column in enumerate(columns):
        heading, side = column if isinstance(column, tuple) else (column, "right")
        if at == 0 or side == "left":
            made.add_column(heading)
        else:
            justify: JustifyMethod = "left" if side == "fixed" else "right"
            made.add_column(heading, justify=justify, no_wrap=True)
    return made


def titled(title: str, *parts: RenderableType) -> Group:
    """Put a heading and an empty line around parts that are set in by two columns."""
    inner = (Padding(part, (0, 0, 0, 2)) for part in parts)
    return Group(Text(""), named(title, STRONG), *inner)


def note(text: str) -> Padding:
    """Return a remark below a table."""
    return Padding(Text(safe(text), style=MUTED), (1, 0, 0, 0))


def listed(title: str, texts: Sequence[str]) -> Group:
    """Return a titled list of sentences, wrapped; nothing for none."""
    if not texts:
        return Group()
    rows = Table(box=None, pad_edge=False, show_header=False, padding=(0, 1, 0, 0))
    rows.add_column(width=1)
    rows.add_column(ratio=1)
    for text in texts:
        rows.add_row("·", Text(safe(text)))
    return titled(title, rows)
