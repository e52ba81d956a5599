"""What an engine answers, as our terms: rows, yes or no, triples.

In an engine, blank nodes are IRIs (RDF 1.1 Concepts, section 3.5), since else none could be asked
for, nor taken away; here they are blank nodes again. An answer that cannot be read is a BadGateway,
whenever that shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pyoxigraph as ox

from foedera.errors import BadGateway
from foedera.stores.endpoint import TRIPLES, Stream

_LONGEST = 20_000_000
"""Bytes of one value: it must be held whole."""


class Names:
    """The IRIs that a release has in an engine, beside those in its data."""

    def __init__(self, base: str) -> None:
        self.stated = f"{base}graph/stated"
        self.release = f"{base}graph/release"
        self.blank = f"{base}.well-known/genid/"

    def sent(self, term: Any) -> str:
        """A term as the engine has it, in SPARQL."""
        if isinstance(term, ox.BlankNode):
            return f"<{self.blank}{term.value}>"
        if isinstance(term, ox.Triple):
            parts = map(self.sent, (term.subject, term.predicate, term.object))
            return f"<<( {' '.join(parts)} )>>"
        return str(term)


def results(stream: Stream, names: Names) -> ox.QuerySolutions | ox.QueryBoolean:
    """Rows, which are read as they come, or yes or no."""
    try:
        return ox.parse_query_results(
            _Renamed(stream, names.blank),  # type: ignore[arg-type]  # read() is all that is called
            format=ox.QueryResultsFormat.JSON,
        )
    except (SyntaxError, ValueError) as fault:
        stream.close()
        raise _unreadable(fault) from None


def rows(stream: Stream, names: Names, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a question of our own."""
    found = results(stream, names)
    try:
        if not isinstance(found, ox.QuerySolutions) or not _has(found, columns):
            raise unasked()
        for row in found:
            yield tuple(row[name] for name in columns)
    except (SyntaxError, ValueError, KeyError) as fault:
        raise _unreadable(fault) from None
    finally:
        stream.close()


def triples(stream: Stream, names: Names) -> Iterator[ox.Triple]:
    """The triples of a graph, as they come."""
    try:
        for quad in ox.parse(
            _Renamed(stream, names.blank),  # type: ignore[arg-type]
            format=ox.RdfFormat.N_TRIPLES,
        ):
            yield quad.triple
    except (SyntaxError, ValueError) as fault:
        raise _unreadable(fault) from None
    finally:
        stream.close()


def _has(found: ox.QuerySolutions, columns: Iterable[str]) -> bool:
    """Whether an answer has the columns asked for. One that has not must not be taken for empty."""
    return {one.value for one in found.variables} == set(columns)


def alike(found: ox.QuerySolutions | ox.QueryBoolean, asked: Any) -> bool:
    """Whether an answer is what a query asks for: rows with its columns, or yes or no."""
    if isinstance(found, ox.QuerySolutions) and isinstance(asked, ox.QuerySolutions):
        return _has(found, (one.value for one in asked.variables))
    return type(found) is type(asked)


def unasked() -> BadGateway:
    return BadGateway("The engine behind this site answered something that was not asked")


def _unreadable(fault: Exception) -> BadGateway:
    words = " ".join(str(getattr(fault, "msg", fault)).split())[:200]
    return BadGateway(f"The answer of the engine behind this site cannot be read: {words}")


class _Renamed:
    """An engine's answer in which blank nodes are blank nodes again."""

    _ROW = r'"type"\s*:\s*"uri"\s*,\s*"value"\s*:\s*"{0}([^"\\]*)"'
    _TURNED = r'"value"\s*:\s*"{0}([^"\\]*)"\s*,\s*"type"\s*:\s*"uri"'
    _TRIPLE = r'"(?:[^"\\]|\\.)*+"|<{0}([^>]*)>'

    def __init__(self, stream: Stream, blank: str) -> None:
        self._stream = stream
        self._blank = blank.encode()
        escaped = re.escape(blank)
        if stream.media_type == TRIPLES:
            self._end = b"\n"
            patterns = {self._TRIPLE: (b"_:", b"")}
        else:
            self._end = b"}"
            node = (b'"type":"bnode","value":"', b'"')
            patterns = {self._ROW: node, self._TURNED: node}
        self._patterns = [
            (re.compile(one.format(escaped).encode()), *ends) for one, ends in patterns.items()
        ]
        self._ready = memoryview(b"")
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Some bytes, never more than asked for, which would kill the parser; none at the end."""
        if not self._ready:
            self._ready = memoryview(self._next())
        part = self._ready[: size if size >= 0 else None]
        self._ready = self._ready[len(part) :]
        return bytes(part)

    def _next(self) -> bytes:
        """The next part of the answer, up to the end of a term or a line."""
        parts, size = [self._rest], len(self._rest)
        while part := self._stream.read():
            parts.append(part)
            size += len(part)
            if self._end in part:
                break
            if size > _LONGEST:
                self._stream.close()
                raise BadGateway(
                    "The answer of the engine behind this site holds a value of more than "
                    f"{_LONGEST:,} bytes"
                )
        text = b"".join(parts)
        cut = text.rfind(self._end) + 1 if part else len(text)
        text, self._rest = text[:cut], text[cut:]
        if self._blank in text:
            for pattern, before, after in self._patterns:
                text = pattern.sub(
                    lambda one, ends=(before, after): (  # type: ignore[misc]
                        one.group() if one[1] is None else one[1].join(ends)
                    ),
                    text,
                )
        return text
