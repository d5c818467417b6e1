"""A TOML text together with the line of each of its keys, so that a mistake can be pointed at.

The values are `tomllib`'s. Neither it nor tomlkit says where a value stood, so the text is walked a second time, by
then known to be valid TOML: only keys, brackets and strings matter, and the tests compare the two walks.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_TEXT: Final = 256 * 1024
"""Characters of a file. The longest that people wrote have a tenth of that."""
MAX_LINE: Final = 2 * 1024
"""Characters of a line: `tomllib` takes the square of a key's length, in time."""
MAX_DEPTH: Final = 32
"""Tables and arrays within each other: a path is kept for each, as long as it is deep."""
MAX_SHOWN: Final = 60
"""Characters of a word from a file that a mistake repeats."""

Path = tuple[str | int, ...]
"""Where a value is: names of keys, and places in arrays from 0."""

_TOKEN = re.compile(
    r"""
    (?P<skip>[ \t\r]+|\#[^\n]*)
    | (?P<line>\n)
    | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\])*" | '[^']*')
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\#\[\]{}=,."']+)
    """,
    re.VERBOSE | re.DOTALL,
)
_TOO_DEEP = "is nested too deeply to be meant"
_PLACE = re.compile(r" \(at line (\d+), column \d+\)$| \(at end of document\)$")


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What is wrong in a file: in which line (from 1), at which field (empty: none), in words that say what to do."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        """Give it as editors and people read it: `policy.toml:31: rule.x.within: must be …`."""
        field = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {field}{self.message}"


class Mistakes(ValueError):  # noqa: N818 (it names what was found in the file, not a fault of ours)
    """Everything that is wrong in a file, found at once."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        """Take at least one mistake; they are kept in the order of the file."""
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a TOML file, which knows where it and its keys stand."""

    data: Mapping[str, Any]
    file: str
    lines: Mapping[Path, int]
    path: Path = ()

    def table(self, *keys: str | int) -> Table:
        """Return a table within this one; raises KeyError or IndexError if there is none."""
        data: Any = self.data
        for key in keys:
            data = data[key]
        return Table(data, self.file, self.lines, (*self.path, *keys))

    def mistake(self, message: str, *keys: str | int) -> Mistake:
        """Say what is wrong with a key of this table; one that is missing stands where its table begins."""
        path = (*self.path, *keys)
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        return Mistake(self.file, self.lines.get(known, 1), written(path), message)


def read_toml(text: str, file: str) -> Table:
    """Read a TOML text; raises Mistakes, with the line, if it is not TOML, or larger than anybody would write."""
    if len(text) > MAX_TEXT:
        message = f"is longer than the {MAX_TEXT} characters that such a file may have"
        raise Mistakes([Mistake(file, 1, "", message)])
    for number, each in enumerate(text.split("\n"), 1):
        if len(each) > MAX_LINE:
            message = f"is longer than the {MAX_LINE} characters that a line may have"
            raise Mistakes([Mistake(file, number, "", message)])
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise Mistakes([Mistake(file, 1, "", _TOO_DEEP)]) from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        end = text.rstrip().count("\n") + 1
        line = int(place[1]) if place is not None and place[1] else end
        message = f"is not TOML: {_PLACE.sub('', str(error))}"
        raise Mistakes([Mistake(file, line, "", message)]) from None
    if _is_too_deep(data):
        raise Mistakes([Mistake(file, 1, "", _TOO_DEEP)])
    return Table(data, file, lines_of(text))


def _is_too_deep(data: Any) -> bool:  # noqa: ANN401 (whatever TOML holds)
    level = [data]
    for _ in range(MAX_DEPTH):
        inner = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for values in inner for each in values if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def shortened(word: str) -> str:
    """Return a word from a file so that a message can repeat it."""
    return word if len(word) <= MAX_SHOWN else f"{word[:MAX_SHOWN]}…"


def written(path: Path) -> str:
    """Return a path as people write it: `told[3].people[0].role`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{shortened(key)}" for key in path)
    return text.removeprefix(".")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return what to add to a message about an unknown word: the nearest known one, or all of them."""
    words = list(known)
    near = get_close_matches(word, words, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(words)}"


def lines_of(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every key, table and item of a valid TOML text."""
    return _Walk(text).lines


class _Walk:
    """One walk through the tokens of a valid TOML text."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}
        self._line = 1
        self._at = 0
        self._tokens: list[tuple[str, int]] = []
        line = 1
        for found in _TOKEN.finditer(text):
            if found.lastgroup != "skip":
                self._tokens.append((found[0], line))
            line += found[0].count("\n")
        table: Path = ()
        while self._peek():
            if self._peek() == "\n":
                self._take()
            elif self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token, self._line = self._tokens[self._at]
        self._at += 1
        return token

    def _skip(self, *tokens: str) -> None:
        while self._peek() in tokens:
            self._take()

    def _note(self, path: Path) -> None:
        self.lines.setdefault(path, self._line)

    def _header(self) -> Path:
        self._take()
        is_array = self._peek() == "["
        self._skip("[")
        *outer, last = self._key()
        self._skip("]")
        path: Path = ()
        for key in outer:
            path = self._inside((*path, key))
        path = (*path, last)
        if is_array:
            self._note(path)
            self._lengths[path] = self._lengths.get(path, 0) + 1
        return self._inside(path)

    def _inside(self, path: Path) -> Path:
        """Note a table, or the last item of an array of tables, and return its path."""
        self._note(path)
        if path in self._lengths:
            path = (*path, self._lengths[path] - 1)
            self._note(path)
        return path

    def _key(self) -> list[str]:
        keys = [_unquoted(self._take())]
        while self._peek() == ".":
            self._take()
            keys.append(_unquoted(self._take()))
        return keys

    def _pair(self, path: Path) -> None:
        for key in self._key():
            path = (*path, key)
            self._note(path)
        self._take()  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        opening = self._take()
        if opening == "[":
            self._skip("\n")
            place = 0
            while self._peek() != "]":
                self._line = self._tokens[self._at][1]
                self._note((*path, place))
                self._value((*path, place))
                self._skip("\n", ",")
                place += 1
            self._take()
        elif opening == "{":
            self._skip("\n")
            while self._peek() != "}":
                self._pair(path)
                self._skip("\n", ",")
            self._take()
        else:
            while self._peek() not in {"", "\n", ",", "]", "}"}:
                self._take()


def _unquoted(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
