"""Ends an answer at a limit, as a whole document that says so, while its bytes pass.

Oxigraph's serialisers write a row at a time and cannot be told to stop. So the rows are counted in
what they write: each format has a mark by which the end of a row is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol


class Sink(Protocol):
    """What a serialiser writes to."""

    def write(self, part: bytes) -> int: ...

    def flush(self) -> None: ...


class Enough(OSError):
    """What a serialiser meets when it would write past the limit."""


@dataclass(frozen=True)
class Limits:
    """The most that an answer may hold: rows or triples, and bytes; 0 is no limit."""

    rows: int = 0
    size: int = 0

    def words(self, by_rows: bool, unit: str) -> str:
        """What is said of an answer that was cut."""
        most = f"{self.rows:,} {unit}" if by_rows else f"{self.size:,} bytes"
        return f"This answer was cut at {most}; there is more."


@dataclass(frozen=True)
class _Marks:
    """How a format of results is read.

    ``begin`` ends what comes before the first row. ``token`` matches what may end a row, and texts
    in quotes, which are to be passed over; its group is the quote that closes one, and ``rest``
    matches what a text goes on with. ``depth`` tells how much deeper a token is, and a row ends
    where one leads back to the level of rows. ``end`` closes a document that is cut, and says so
    where it can; JSON is to say so at its beginning, as Oxigraph reads none with more at its end.
    """

    begin: bytes
    token: re.Pattern[bytes]
    rest: re.Pattern[bytes]
    depth: dict[bytes, int]
    end: Callable[[str], bytes]


_JSON_TEXT = rb'[^"\\]*+(?:\\.[^"\\]*+)*+(")?'
_CSV_TEXT = rb'[^"]*+(")?'
_NO_TEXT = re.compile(rb"()")
_LINE = {b"\n": 0}
_MARKS = {
    "JSON": _Marks(
        b'"bindings":[',
        re.compile(rb'[{}]|"' + _JSON_TEXT, re.DOTALL),
        re.compile(_JSON_TEXT, re.DOTALL),
        {b"{": 1, b"}": -1},
        lambda _: b"]}}",
    ),
    "XML": _Marks(
        b"<results>",
        re.compile(rb"</result>"),
        _NO_TEXT,
        {b"</result>": 0},
        lambda words: b"<!-- " + words.encode() + b" --></results></sparql>",
    ),
    "CSV": _Marks(
        b"\n", re.compile(rb'\n|"' + _CSV_TEXT), re.compile(_CSV_TEXT), _LINE, lambda _: b""
    ),
    "TSV": _Marks(b"\n", re.compile(rb"\n"), _NO_TEXT, _LINE, lambda _: b""),
}


_LONGEST = 16
"""More than the longest mark: as much of the end may be the beginning of one."""

_CLOSING = 64
"""More than a document's end after its last row."""


class Rows:
    """Lets rows pass to ``out`` up to the limits; `cut` then says that there were more."""

    def __init__(self, out: Sink, engine: str, limits: Limits) -> None:
        self._out = out
        self._marks = _MARKS[engine]
        self._limits = limits
        self._held = bytearray()
        self._begun = False
        self._read = 0
        self._whole = 0
        self._depth = 0
        self._inside = False
        self._rows = 0
        self._passed = 0
        self.cut = ""

    def write(self, part: bytes) -> int:
        """Take more of the document. Raises Enough once a limit is reached."""
        if self.cut:
            raise Enough
        self._held += part
        if not self._begun:
            at = self._held.find(self._marks.begin)
            if at < 0:
                return len(part)
            self._begun = True
            self._read = self._whole = at + len(self._marks.begin)
        rows, size = self._limits.rows, self._limits.size
        for end in self._ends():
            if 0 < rows <= self._rows:
                self._stop(by_rows=True)
            if 0 < size < self._passed + end:
                self._stop(by_rows=False)
            self._rows += 1
            self._whole = end
        self._pass(self._whole)
        if 0 < size < self._passed + len(self._held) - _CLOSING:
            self._stop(by_rows=False)
        return len(part)

    def _ends(self) -> list[int]:
        """Where rows end in what is held and was not read yet."""
        ends: list[int] = []
        if self._inside and not self._closes(self._marks.rest.match(self._held, self._read)):
            return ends
        for match in self._marks.token.finditer(self._held, self._read):
            step = self._marks.depth.get(match.group())
            if step is None and not self._closes(match):
                return ends
            self._read = match.end()
            self._depth += step or 0
            if step is not None and self._depth == 0:
                ends.append(match.end())
        self._read = max(self._read, len(self._held) - _LONGEST)
        return ends

    def _closes(self, text: re.Match[bytes] | None) -> bool:
        """Whether a text in quotes ends in what is held; one that goes on is not read again."""
        assert text is not None
        self._read = text.end()
        self._inside = text[1] is None
        return not self._inside

    def _pass(self, size: int) -> None:
        if size:
            self._out.write(bytes(self._held[:size]))
            del self._held[:size]
            self._passed += size
            self._read -= size
            self._whole -= size

    def _stop(self, by_rows: bool) -> None:
        self.cut = self._limits.words(by_rows, "rows")
        self._pass(self._whole)
        self._out.write(self._marks.end(self.cut))
        raise Enough

    def flush(self) -> None:
        """A serialiser calls this; what is held waits for `close` all the same."""

    def close(self) -> None:
        """Let the end of the document pass, where it was not cut."""
        if not self.cut:
            self._pass(len(self._held))


class Triples:
    """Lets triples pass up to the limits; `cut` then says that there were more.

    ``out`` counts what was written of them: a serialiser asks for the next triple when it has
    written the one before, and ends its document properly when there is none.
    """

    def __init__(self, triples: Iterable[Any], out: Counter, limits: Limits) -> None:
        self._triples = triples
        self._out = out
        self._limits = limits
        self.cut = ""

    def __iter__(self) -> Iterator[Any]:
        rows, size = self._limits.rows, self._limits.size
        for number, triple in enumerate(self._triples):
            by_rows = 0 < rows <= number
            if by_rows or 0 < size < self._out.size:
                self.cut = self._limits.words(by_rows, "triples")
                return
            yield triple


class Counter:
    """Passes bytes on to ``out`` and counts them."""

    def __init__(self, out: Sink) -> None:
        self._out = out
        self.size = 0

    def write(self, part: bytes) -> int:
        self.size += len(part)
        return self._out.write(part)

    def flush(self) -> None:
        self._out.flush()
