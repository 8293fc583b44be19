"""A `config.json` read key by key: every mistake is noted with its path, none raises at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cosynth.errors import SpecError, did_you_mean

# no key of a model of any known kind comes near this; larger numbers are damage or an attack
LARGEST = 10**8
MOST_LAYERS = 10_000
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Keys of one table. Absent or wrong ones give a harmless value and add to `problems`."""

    table: Mapping[str, object]
    where: str
    problems: list[str] = field(default_factory=list)

    def size(self, key: str, default: int | None = None, most: int = LARGEST) -> int:
        """A whole number of at least 1; `null` and absence give the default, 0 included."""
        value = self._get(key, default, "a whole number")
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return self._wrong(key, value, "a whole number", default or 1)
        if value == default:
            return value
        if not 1 <= value <= most:
            return self._wrong(key, value, f"a number from 1 to {most:,}", default or 1)
        return value

    def number(self, key: str, default: float) -> float:
        """A finite number above 0; `null` and absence give the default."""
        value = self._get(key, default, "a number")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._wrong(key, value, "a number", default)
        if value != default and not 0 < value <= LARGEST:
            return self._wrong(key, value, f"a number above 0 and at most {LARGEST:,}", default)
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false; `null` and absence give the default."""
        value = self._get(key, default, "true or false")
        if not isinstance(value, bool):
            return self._wrong(key, value, "true or false", default)
        return value

    def text(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of the words; `null` and absence give the default."""
        value = self._get(key, default, f"one of {', '.join(choices)}")
        if isinstance(value, str) and value not in choices:
            near = did_you_mean(value, choices)
            self.problems.append(
                f"{self._at(key)}: {_shown(value)} is not one of {', '.join(choices)}{near}"
            )
            return choices[0]
        return value if isinstance(value, str) else self._wrong(key, value, "a text", choices[0])

    def texts(self, key: str, count: int, choices: Sequence[str]) -> tuple[str, ...] | None:
        """One word for each layer, or None when absent."""
        value = self.table.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return self._wrong(key, value, "a list of texts", None)
        for at, item in enumerate(value):
            if item not in choices:
                near = did_you_mean(item, choices)
                self.problems.append(
                    f"{self._at(key)}[{at}]: {_shown(item)} is not one of "
                    f"{', '.join(choices)}{near}"
                )
                return None
        return self._counted(key, tuple(value), count)

    def numbers(self, key: str, count: int | None = None) -> tuple[int, ...] | None:
        """A list of whole numbers of at least 0, one a layer if `count` says so; else None."""
        value = self.table.get(key)
        if value is None or value == []:
            return None
        whole = isinstance(value, list) and all(
            isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= LARGEST
            for item in value
        )
        if not isinstance(value, list) or not whole:
            return self._wrong(key, value, "a list of whole numbers", None)
        return tuple(value) if count is None else self._counted(key, tuple(value), count)

    def part(self, key: str) -> Config:
        """The table below a key; an empty one when absent."""
        value = self.table.get(key)
        if value is not None and not isinstance(value, Mapping):
            value = self._wrong(key, value, "a table", {})
        return Config(table=value or {}, where=self._at(key), problems=self.problems)

    def has(self, key: str) -> bool:
        """Whether a key is there and not `null`."""
        return self.table.get(key) is not None

    def check(self, holds: bool, key: str, problem: str) -> None:
        """Note a mistake in how keys fit together."""
        if not holds and not self.problems:
            self.problems.append(f"{self._at(key)}: {problem}")

    def finish(self) -> None:
        """Raise SpecError with all that was noted."""
        if self.problems:
            raise SpecError(*self.problems)

    def _get(self, key: str, default: Value | None, wanted: str) -> object:
        value = self.table.get(key)
        if value is not None:
            return value
        if default is None:
            near = did_you_mean(key, set(self.table) - {key})
            state = "is null" if key in self.table else "required, absent"
            self.problems.append(f"{self._at(key)}: {state} ({wanted}){near}")
            return 1 if "number" in wanted else wanted.removeprefix("one of ").split(", ")[0]
        return default

    def _counted(self, key: str, value: tuple[Value, ...], count: int) -> tuple[Value, ...] | None:
        if len(value) == count:
            return value
        self.problems.append(f"{self._at(key)}: has {len(value)} entries for {count} layers")
        return None

    def _wrong(self, key: str, value: object, wanted: str, instead: Value) -> Value:
        self.problems.append(f"{self._at(key)}: {_shown(value)} is not {wanted}")
        return instead

    def _at(self, key: str) -> str:
        return f"{self.where}.{key}" if not self.where.endswith(": ") else f"{self.where}{key}"


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**40 else f"{value:.3e}"
    return text if len(text) <= 60 else f"{text[:57]}..."


def load(path: Path) -> dict[str, object]:
    """Return the table of a JSON file, or raise SpecError naming file and line."""
    try:
        table = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise SpecError(
            f"{path}: not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except UnicodeDecodeError:
        raise SpecError(f"{path}: not valid JSON: not a text in UTF-8") from None
    except RecursionError:
        raise SpecError(f"{path}: not valid JSON: nested too deeply") from None
    except ValueError:  # a number of thousands of digits
        raise SpecError(f"{path}: not valid JSON: a number is too long") from None
    if not isinstance(table, dict):
        raise SpecError(f"{path}: expected a table of keys, found a {type(table).__name__}")
    return table
