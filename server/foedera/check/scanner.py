"""The tokens of Turtle and its relatives, with their places: also of text that is wrong.

What no token can begin with, or does not end, becomes a token of a kind that names the mistake, so
that whoever reads the tokens can say what it is and go on behind it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from foedera.check.findings import Spot

_ESCAPED = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_HEX = r"%[0-9A-Fa-f]{2}"
_LOCAL_ESCAPE = r"\\[_~.\-!$&'()*+,;=/?#@%]"

_LETTER = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_WORD = rf"{_LETTER}_0-9\-\u00b7\u0300-\u036f\u203f-\u2040"
"""Letters that a name begins with, and those that it goes on with (Turtle, section 6.5)."""

_KINDS = (
    ("space", r"[ \t\r\n]+|#[^\n]*"),
    ("long", r'"""(?:[^"\\]|\\.|"(?!""))*"""' + r"|'''(?:[^'\\]|\\.|'(?!''))*'''"),
    ("open long", r'"""|' + r"'''"),
    ("string", r'"(?:[^"\\\n\r]|\\[^\n\r])*"' + r"|'(?:[^'\\\n\r]|\\[^\n\r])*'"),
    ("open string", r'"[^\n\r]*|' + r"'[^\n\r]*"),
    ("curly", r"[“”„«»‘’‚][^“”„«»‘’‚\n\r]*[“”„«»‘’‚]|[“”„«»‘’‚]"),
    ("directive", r"@(?:prefix|base|version)\b"),
    ("language", r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[a-z]+)?"),
    ("bad language", r"@[^\s,;.\[\](){}]*"),
    ("punct", r"\^\^|<<\(?|\)?>>|\{\||\|\}|[;,\[\](){}~]"),
    ("iri", rf"<(?:[^<>\"{{}}|^`\\\x00-\x20]|{_ESCAPED})*>"),
    ("bad iri", r"<[^<>\n\r]*>"),
    ("open iri", r"<[^\s<>]*"),
    ("bare iri", r"https?://[^\s<>\"{}|^`\\]*[^\s<>\"{}|^`\\.,;\])]"),
    ("blank", rf"_:[{_LETTER}_0-9](?:[{_WORD}]|\.+(?=[{_WORD}]))*"),
    (
        "name",
        rf"(?:[{_LETTER}](?:[{_WORD}]|\.+(?=[{_WORD}]))*)?:"
        rf"(?:(?:[{_LETTER}_0-9:]|{_HEX}|{_LOCAL_ESCAPE})"
        rf"(?:[{_WORD}:]|{_HEX}|{_LOCAL_ESCAPE}|\.+(?=[{_WORD}:%\\]))*)?",
    ),
    ("number", r"[+-]?(?:\d+\.?\d*[eE][+-]?\d+|\.\d+[eE][+-]?\d+|\d*\.\d+|\d+)"),
    ("dot", r"\."),
    ("word", rf"[{_LETTER}][{_WORD}]*"),
    ("comment", r"//[^\n]*"),
    ("odd", r"(?s:.)"),
)
_TOKEN = re.compile(
    "|".join(f"(?P<k{number}>{pattern})" for number, (_, pattern) in enumerate(_KINDS)),
    re.DOTALL,
)
_NAMES = {f"k{number}": name for number, (name, _) in enumerate(_KINDS)}


@dataclass(frozen=True)
class Token:
    """A piece of a text: what it is, what it says, and between which characters (from 0)."""

    kind: str
    text: str
    start: int
    end: int

    def is_(self, *texts: str) -> bool:
        """Whether it is one of some marks."""
        return self.kind in ("punct", "dot") and self.text in texts


class Lines:
    """Where the lines of a text begin."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of a character, from 1."""
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def spot(self, start: int, end: int) -> Spot:
        return Spot(*self.place(start), *self.place(end))

    def offset(self, line: int, column: int) -> int:
        """The character at a line and column."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, without spaces and comments, in order. Takes linear time."""
    at, size = 0, len(text)
    closed = {'"""': True, "'''": True}
    while at < size:
        # Where a long string is never closed, each of its quotes would be looked at to the end.
        mark = text[at : at + 3]
        if mark in closed and not closed[mark]:
            yield Token("open long", text[at:], at, size)
            return
        found = _TOKEN.match(text, at)
        assert found is not None
        kind = _NAMES[found.lastgroup or ""]
        if kind == "open long":
            closed[mark] = False
            continue
        at = found.end()
        if kind != "space":
            yield Token(kind, found[0], found.start(), at)
