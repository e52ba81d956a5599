"""Puts right in a query's text what the engine does otherwise than SPARQL says.

Only what a few tokens show. The texts have passed `scan`, so that its tokens are the engine's.
The W3C's tests for each are named in tests/test_mend.py.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from foedera.errors import BadRequest, QuerySyntax
from foedera.query.scan import Token, place, tokens

_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})
_BOOLEANS = frozenset({"TRUE", "FALSE"})
_READ_OTHERWISE = re.compile(
    rf"\b(?i:{'|'.join(_AGGREGATES)})\b|(?i:TRUE|FALSE)(?<!true)(?<!false)"
)
_DONE_OTHERWISE = re.compile(r"GROUP_CONCAT|GRAPH", re.IGNORECASE)


def read(text: str) -> str:
    """A query as the engine should read it; a text of the same length.

    TRUE and FALSE are put in small letters, since it reads no others. Raises QuerySyntax for an
    aggregate within an aggregate, to which the engine would answer something or other.
    """
    if not _READ_OTHERWISE.search(text):
        return text
    found = list(tokens(text))
    pieces: list[str] = []
    end = 0
    for at, token in enumerate(found):
        if _word(token) in _BOOLEANS:
            pieces += (text[end : token.start], token.text.lower())
            end = token.start + len(token.text)
        if _aggregate(found, at):
            _no_aggregate_within(text, found, at + 1)
    return "".join((*pieces, text[end:]))


def _word(token: Token) -> str:
    return token.text.upper() if token.kind == "word" else ""


def _aggregate(found: Sequence[Token], at: int) -> bool:
    after = found[at + 1 : at + 2]
    return _word(found[at]) in _AGGREGATES and bool(after) and after[0].text == "("


def _closing(found: Sequence[Token], opening: int) -> int:
    """The index of the bracket that closes one; the end where none does."""
    depth = found[opening].depth
    return next(
        (at for at in range(opening + 1, len(found)) if found[at].depth < depth), len(found) - 1
    )


def _no_aggregate_within(text: str, found: Sequence[Token], opening: int) -> None:
    at, closing = opening + 1, _closing(found, opening)
    while at < closing:
        if found[at].text == "{":  # of EXISTS: a subquery in it has aggregates of its own
            at = _closing(found, at)
        elif _aggregate(found, at):
            raise QuerySyntax(
                f"{place(text, found[at].start)}: an aggregate cannot be within an aggregate",
                "Compute the inner one in a subquery.",
            )
        at += 1


def done(text: str, star: int, columns: Sequence[str], graphs: Collection[str]) -> str:
    """A query that the engine does as it is meant.

    The ``*`` at ``star`` (unless -1) becomes ``columns``, which the engine would mix up.
    GROUP_CONCAT gives plain text, where the engine keeps the language that all values share.
    And ``GRAPH ?g`` becomes a union over ``graphs``, as SPARQL 1.1 Query Language, section 18.6,
    defines it, where the engine would let ?g into the pattern: it would count over all graphs
    in a subquery, and remove too much by MINUS. Raises BadRequest where that would be too long.
    """
    if star < 0 and not _DONE_OTHERWISE.search(text):
        return text
    return _Writer(text, star, columns, sorted(graphs)).text()


_MOST = 500
"""Copies of a pattern that a query may need: the engine plans this many in some 50 ms."""


class _Writer:
    def __init__(self, text: str, star: int, columns: Sequence[str], graphs: list[str]) -> None:
        self._text = text
        self._found = list(tokens(text))
        self._star = star
        self._columns = "".join(f" ?{name} " for name in columns)
        self._graphs = graphs
        self._copies = 0

    def text(self) -> str:
        written = self._written(0, len(self._found), "")
        last = self._found[-1]
        return written + self._text[last.start + len(last.text) :]

    def _written(self, first: int, last: int, copy: str) -> str:
        """Some tokens, each with the space before it; ``copy`` is added to blank nodes' names."""
        found, parts, at = self._found, [], first
        while at < last:
            token = found[at]
            before = found[at - 1] if at else Token("other", "", 0)
            parts.append(self._text[before.start + len(before.text) : token.start])
            if token.start == self._star:
                parts.append(self._columns)
            elif _word(token) == "GROUP_CONCAT" and _aggregate(found, at):
                closing = _closing(found, at + 1)
                parts.append(f" STR({token.text}{self._written(at + 1, closing + 1, copy)})")
                at = closing
            elif self._is_graph(at) and self._lets_in(at):
                closing = _closing(found, at + 2)
                parts.append(self._union(at, closing, copy))
                at = closing
            elif copy and token.text.startswith("_:"):
                name = token.text.rstrip(".")
                parts.append(f"{name}{copy}{token.text[len(name) :]}")
            else:
                parts.append(token.text)
            at += 1
        return "".join(parts)

    def _is_graph(self, at: int) -> bool:
        kinds = [token.kind for token in self._found[at + 1 : at + 3]]
        return (
            _word(self._found[at]) == "GRAPH"
            and kinds == ["variable", "other"]
            and self._found[at + 2].text == "{"
        )

    def _lets_in(self, at: int) -> bool:
        """Whether the pattern of a GRAPH ?g is one in which it matters that ?g is let in."""
        pattern = self._found[at + 3 : _closing(self._found, at + 2)]
        words = {_word(token) for token in pattern}
        name = self._found[at + 1].text[1:]
        return bool(words & {"SELECT", "MINUS"}) or (
            bool(words & {"FILTER", "OPTIONAL", "BIND", "VALUES"})
            and any(token.kind == "variable" and token.text[1:] == name for token in pattern)
        )

    def _union(self, at: int, closing: int, copy: str) -> str:
        self._copies += len(self._graphs)
        if self._copies > _MOST:
            raise BadRequest(
                f"The pattern of GRAPH {self._found[at + 1].text} must be asked of more than "
                f"{_MOST} graphs one by one",
                "Name the graph; or have no SELECT and no MINUS in the pattern, and its variable "
                "in no FILTER, OPTIONAL, BIND or VALUES there.",
            )
        variable = self._found[at + 1].text
        copies = []
        for number, graph in enumerate(self._graphs):
            pattern = self._written(at + 2, closing + 1, f"{copy}g{number}")
            copies.append(f"{{ GRAPH <{graph}> {pattern} VALUES {variable} {{ <{graph}> }} }}")
        return " UNION ".join(copies) or f"{{ VALUES {variable} {{ }} }}"
