"""Reads a SPARQL text as tokens, before any parser sees it: measures it and finds its clauses.

The engine's parser is recursive and can be killed by a few kilobytes of brackets, and SERVICE
and LOAD cannot be switched off in it. So the text is measured here, in one linear pass that
knows strings, IRIs and comments, and so never mistakes a word in one of them for a keyword
(SPARQL 1.1 Query Language, section 19.8), nor a keyword for a piece of them. Where the engine
reads a text otherwise than the specification (it needs no space between words, and takes ``<``
for less-than where it expects an operator), this errs on the side of refusing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from foedera.errors import BadRequest, QuerySyntax, Refused, TooLarge

_CODE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_LETTER = rf"(?:[^\W\d]|{_CODE})"
_LETTERS = rf"(?:\w|{_CODE})*+"
_IN_STRING = rf"\\[tbnrf\\\"']|{_CODE}"

# Every repetition is possessive, and what opens without closing is an error or is taken whole,
# so that no character is looked at more than a few times.
_TOKEN = re.compile(
    rf"""
    (?P<space>[ \t\r\n]++|\#[^\r\n]*+)
  | (?P<string>\"\"\"(?:[^"\\]|{_IN_STRING}|"(?!""))*+\"\"\"
      |'''(?:[^'\\]|{_IN_STRING}|'(?!''))*+'''
      |(?!\"\"\")"(?:[^"\\\r\n]|{_IN_STRING})*+"
      |(?!''')'(?:[^'\\\r\n]|{_IN_STRING})*+')
  | (?P<unclosed>["'])
  | (?P<iri><(?:[^<>"{{}}|^`\\\x00-\x20]|{_CODE})*+>)
  | (?P<variable>[?$]\w++)
  | (?P<language>@[a-zA-Z]++(?:-[a-zA-Z0-9]++)*+)
  | (?P<name>(?:_:|[^\W\d_][\w.\-]*+:|:)(?:[^\x00-\x20<>"'{{}}()\[\];,|^`?$/*+!=&\#\\]|\\.)*+)
  | (?P<words>{_LETTER}(?:[\w.\-]|{_CODE})*+)
  | (?P<number>\d[\d.eE]*+)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_PIECE = re.compile(
    rf"(?P<word>{_LETTER}{_LETTERS})|(?P<number>\d[\d.eE]*+)|(?P<other>.)", re.DOTALL
)
"""What a run of letters, digits, dots and hyphens that is no name consists of."""

_ESCAPE = re.compile(_CODE)

_PAIRS = {"}": "{", ")": "(", "]": "["}


@dataclass(frozen=True)
class Bounds:
    """What the text of a query may measure.

    ``size`` in bytes, ``nesting`` in open brackets, ``operators`` counts what the engine's parser
    and planner go deeper or longer for; ``services`` are the endpoints that SERVICE may ask.
    """

    size: int
    nesting: int
    operators: int
    services: Collection[str] = ()


@dataclass(frozen=True)
class Token:
    """A piece of a query: its kind (a group of the patterns above), its text and its offset.

    ``depth`` tells how many brackets are open behind it.
    """

    kind: str
    text: str
    start: int
    depth: int = 0


@dataclass(frozen=True)
class Scan:
    """What one pass over a query found.

    ``graphs`` are the IRIs named by FROM, ``named`` those by FROM NAMED (None: no such clause).
    ``star`` is the offset of the ``*`` of an outermost ``SELECT *``, or -1. ``services`` are the
    endpoints that it asks.
    """

    nesting: int
    graphs: tuple[str, ...] | None
    named: tuple[str, ...] | None
    star: int
    variables: tuple[str, ...]
    services: tuple[str, ...]


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query, without space and comments.

    Raises QuerySyntax for a string that does not end, BadRequest where it cannot be known whether
    the engine reads ``<`` as less-than or as the beginning of an IRI.
    """
    position = 0
    opened: list[str] = []
    previous = Token("other", "", 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match is not None  # the last alternative takes any character
        kind, piece = match.lastgroup or "other", match.group()
        start, position = position, match.end()
        if kind == "space":
            continue
        if kind == "unclosed":
            raise QuerySyntax(
                f"{place(text, start)}: the string that begins here does not end",
                "A backslash in a string is one of the escapes of SPARQL 1.1, section 19.7.",
            )
        if kind == "words":
            for part in _PIECE.finditer(piece):
                previous = Token(
                    part.lastgroup or "other", part.group(), start + part.start(), len(opened)
                )
                yield previous
            continue
        if kind == "iri" and opened and opened[-1] == "(" and _may_be_compared(previous, piece):
            if "#" in piece or "'" in piece:
                raise BadRequest(
                    f"It is not clear whether {piece[:60]} is an IRI or a comparison",
                    "Put a space after a less-than sign; write an IRI in full, or with a prefix.",
                )
            kind, piece, position = "other", "<", start + 1
        if kind == "other":
            if piece in "{([":
                opened.append(piece)
            elif opened and opened[-1] == _PAIRS.get(piece):
                opened.pop()
        previous = Token(kind, piece, start, len(opened))
        yield previous


_OPERANDS = frozenset({"variable", "string", "language", "number", "name", "iri"})


def _may_be_compared(previous: Token, iri: str) -> bool:
    """Whether ``<`` after this token may be less-than to the engine, though an IRI seems to follow.

    Not where the IRI has two slashes: read as an operator, they would be a syntax error.
    """
    if re.match(r"<[A-Za-z][\w+.\-]*+://", iri):
        return False
    return (
        previous.kind in _OPERANDS
        or previous.text == ")"
        or (previous.kind == "word" and previous.text.upper().endswith(("TRUE", "FALSE")))
    )


def place(text: str, offset: int) -> str:
    """Where an offset is, for people: line and column, from 1."""
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"


def unescaped(text: str) -> str:
    r"""The text with codepoint escapes (\uXXXX) resolved (SPARQL 1.1, section 19.2)."""

    def character(match: re.Match[str]) -> str:
        code = int(match.group()[2:], 16)
        return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"

    return _ESCAPE.sub(character, text) if "\\" in text else text


def scan(
    text: str,
    bounds: Bounds,
    prefixes: Mapping[str, str] | None = None,
    base: str = "",
) -> Scan:
    """Measure a query and find what it asks of the dataset.

    ``prefixes`` and ``base`` are those that hold until the query declares its own.
    Raises TooLarge for a text that is too long, BadRequest for one that nests too deep or has too
    many operators, Refused for a SERVICE that is not among those allowed and for updates such as
    LOAD, also where a keyword is spelled with codepoint escapes, and what `tokens` raises.
    """
    size = bounds.size
    if len(text) > size or len(text.encode("utf-8", "replace")) > size:
        raise TooLarge(
            f"The query is longer than {size:,} bytes", "Shorten it, or ask in several parts."
        )
    known = {f"{name}:": iri for name, iri in (prefixes or {}).items()}
    return _read(text, bounds, known, base)


_OPERATORS = frozenset("!+-*/|^=<>&") | {
    *("UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "GRAPH", "SERVICE", "EXISTS"),
    *("SELECT", "AS", "IN", "VALUES"),
}
"""What many thousands of make the engine recurse until it dies, or plan for minutes."""


def _is(token: Token, keyword: str) -> bool:
    return token.kind == "word" and unescaped(token.text).upper() == keyword


_UPDATES = frozenset({"LOAD", "INSERT", "DELETE", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"})
_FORMS = frozenset({"SELECT", "CONSTRUCT", "ASK", "DESCRIBE"})
_BEFORE_A_GRAPH = frozenset({"GRAPH", "FROM", "NAMED", "DESCRIBE"})


def _read(text: str, bounds: Bounds, prefixes: dict[str, str], base: str) -> Scan:
    deepest = operators = 0
    star = -1
    graphs: list[str] | None = None
    named: list[str] | None = None
    form = ""
    variables: dict[str, None] = {}
    services: list[str] = []
    before = Token("other", "", 0)
    previous = Token("other", "", 0)
    for token in tokens(text):
        depth = token.depth
        word = unescaped(token.text).upper() if token.kind == "word" else ""
        if depth > deepest:
            deepest = depth
            if deepest > bounds.nesting:
                raise BadRequest(
                    f"The query nests deeper than {bounds.nesting} brackets",
                    "Write it flatter; the limit protects the engine.",
                )
        if word in _OPERATORS or token.text in _OPERATORS:
            operators += 1
            if operators > bounds.operators:
                raise BadRequest(
                    f"The query has more than {bounds.operators:,} operators",
                    "VALUES holds many terms without one; or ask in several parts.",
                )
        if bounds.services and _is(previous, "SERVICE") and word == "SILENT":
            pass
        elif bounds.services and (
            _is(previous, "SERVICE") or (_is(previous, "SILENT") and _is(before, "SERVICE"))
        ):
            # In full, since the engine may read a prefix otherwise than is seen here.
            if token.kind != "iri" or unescaped(token.text)[1:-1] not in bounds.services:
                raise Refused(
                    f"{token.text[:200]} is not asked from here",
                    "SERVICE is allowed with these, written in full: "
                    + ", ".join(f"<{iri}>" for iri in sorted(bounds.services)),
                )
            services.append(unescaped(token.text)[1:-1])
        elif bounds.services and word == "SERVICE":
            pass  # what comes next says of whom
        elif "SERVICE" in word or (
            # The engine reads SERVICEex:a as SERVICE ex:a, and service:a as SERVICE :a.
            token.text == "{"
            and previous.kind == "name"
            and "SERVICE" in previous.text.partition(":")[0].upper()
            and before.text.upper() not in _BEFORE_A_GRAPH
        ):
            raise Refused(
                "No other endpoint is asked from here: SERVICE is refused",
                "Query the other endpoint on its own and join the answers.",
            )
        if token.kind == "variable":
            variables.setdefault(token.text[1:])
        elif not form and word in _UPDATES:
            raise Refused(
                f"{word} is an update, and this endpoint only reads",
                "Offer a change as Turtle; see the publisher's instructions.",
            )
        elif not form and word in _FORMS:
            form = word
        elif token.kind == "iri" and previous.text.upper() == "BASE":
            base = _resolved(token, prefixes, base)
        elif token.kind == "iri" and before.text.upper() == "PREFIX":
            prefixes[previous.text] = _resolved(token, prefixes, base)
        elif (
            token.text == "*"
            and form == "SELECT"
            and depth == 0
            and star < 0
            and previous.text.upper() in {"SELECT", "DISTINCT", "REDUCED"}
        ):
            star = token.start
        if token.kind in ("iri", "name") and depth == 0 and form:
            iri = _resolved(token, prefixes, base)
            if previous.kind == "word" and previous.text.upper() == "FROM":
                graphs = graphs or []
                graphs.append(iri)
            elif previous.text.upper() == "NAMED" and before.text.upper() == "FROM":
                named = named or []
                named.append(iri)
        before, previous = previous, token
    return Scan(
        deepest,
        None if graphs is None else tuple(graphs),
        None if named is None else tuple(named),
        star,
        tuple(variables),
        tuple(services),
    )


def _resolved(token: Token, prefixes: dict[str, str], base: str) -> str:
    text = unescaped(token.text)
    if token.kind == "iri":
        iri = text[1:-1]
        if re.match(r"[A-Za-z][\w+.-]*:", iri):
            return iri
        if "://" not in base:
            return base + iri
        mark = "#" if iri.endswith("#") else ""  # which urljoin would drop
        return urljoin(base, iri.removesuffix("#")) + mark
    prefix, _, local = text.partition(":")
    return prefixes.get(prefix + ":", prefix + ":") + re.sub(r"\\(.)", r"\1", local)
