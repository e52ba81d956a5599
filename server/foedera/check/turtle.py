"""Turtle, TriG, N-Triples and N-Quads as people write them: every triple with its place, and every
mistake, not the first alone.

The triples are the parser's of Oxigraph, which is given one statement after the other. What is
read here are the places, and the mistakes: each is told of, mended in a copy if one can see what
was meant, and the rest is read on.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyoxigraph as ox

from foedera import terms
from foedera.check.findings import Spot
from foedera.check.scanner import Lines, Token, tokens

NESTING = 100
"""How deep brackets may be nested."""

_TERMS = ("iri", "name", "blank", "string", "long", "number", "word")
_NEW = ("<<", "<<(", ">>", ")>>", "{|", "|}", "~")
"""What RDF 1.2 added: read by the parser, with the place of the statement."""

USUAL: Mapping[str, str] = {
    **terms.PREFIXES,
    "bibo": "http://purl.org/ontology/bibo/",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "org": "http://www.w3.org/ns/org#",
    "prov": "http://www.w3.org/ns/prov#",
    "schema": "http://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
    "time": "http://www.w3.org/2006/time#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "wgs84": "http://www.w3.org/2003/01/geo/wgs84_pos#",
}
"""What a prefix that is not declared most likely stands for."""


@dataclass(frozen=True)
class Mistake:
    """Something that does not parse: its code, its place, and what is put into the message."""

    code: str
    spot: Spot
    words: Mapping[str, str] = field(default_factory=dict)
    fix: str = ""


@dataclass(frozen=True)
class Row:
    """A triple as it was read, with the places of its terms."""

    quad: ox.Quad
    subject: Spot
    predicate: Spot
    object: Spot


@dataclass
class Read:
    """What was read of a text: rows in order, prefixes with their places, mistakes."""

    rows: list[Row] = field(default_factory=list)
    prefixes: dict[str, tuple[str, Spot]] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    cut: bool = False


class _Fault(Exception):
    """A mistake at a token, while a statement is read."""

    def __init__(self, code: str, at: int, repair: Token | None = None, **words: str) -> None:
        super().__init__(code)
        self.code = code
        self.at = at
        self.repair = repair
        self.words = words


_Place = tuple[int, int]
"""The first and the last token of a term."""


@dataclass(frozen=True)
class _Said:
    """A triple as it stands in the tokens: what of it can be recognised, and where it is."""

    predicate: str
    value: str | None
    places: tuple[_Place, _Place, _Place]


class Reader:
    """Reads one text; ``read`` is all that it does."""

    def __init__(self, text: str, fmt: ox.RdfFormat, base: str, most: int, mistakes: int) -> None:
        self._text = text
        self._lines = Lines(text)
        self._tokens = list(tokens(text))
        self._format = fmt
        self._lined = fmt in (ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS)
        self._base = base
        self._most = most
        self._most_mistakes = mistakes
        self._found = Read()
        self._missing: dict[str, list[Token]] = {}
        self._guessed: dict[str, str] = {}
        self._said: list[_Said] = []
        self._any_new = any(token.is_(*_NEW) for token in self._tokens)

    def read(self) -> Read:
        """All of it, as far as it can be read."""
        if self._too_deep():
            return self._found
        self._mend_tokens()
        at = 0
        while at < len(self._tokens) and not self._full():
            at = self._statement(at)
        self._tell_missing()
        self._found.mistakes.sort(key=lambda one: (one.spot.line, one.spot.column))
        return self._found

    def _full(self) -> bool:
        """Whether enough has been read, or is wrong."""
        self._found.cut = (
            len(self._found.rows) > self._most or len(self._found.mistakes) >= self._most_mistakes
        )
        return self._found.cut

    # Mistakes that are seen in the tokens

    def _too_deep(self) -> bool:
        level = 0
        for token in self._tokens:
            if token.is_("[", "(", "{", "<<", "<<(", "{|"):
                level += 1
                if level > NESTING:
                    self._mistake("parse-too-deep", token, most=str(NESTING))
                    return True
            elif token.is_("]", ")", "}", ">>", ")>>", "|}"):
                level = max(level - 1, 0)
        return False

    def _mistake(self, code: str, token: Token, fix: str = "", **words: str) -> None:
        spot = self._lines.spot(token.start, max(token.end, token.start + 1))
        self._found.mistakes.append(Mistake(code, spot, words, fix))

    def _mend_tokens(self) -> None:
        """Tell of each token that is none, and put what was meant in its place."""
        mended: list[Token] = []
        for token in self._tokens:
            if self._full():
                break
            mend = _MENDED.get(token.kind)
            if mend is None:
                mended.append(token)
                continue
            code, become = mend
            text = become(token.text)
            shown = token.text.split("\n")[0][:60]
            first = Token(token.kind, shown, token.start, token.start + len(shown))
            fix = text if token.kind in ("curly", "open string", "bad iri", "bare iri") else ""
            self._mistake(code, first, fix, text=shown)
            if text:
                kind = "iri" if text.startswith("<") else "string"
                kind = "language" if text.startswith("@") else kind
                mended.append(Token(kind, text, token.start, token.end))
            tail = "." if token.kind == "open long" else token.text.rstrip()[-1:]
            if token.kind in ("open long", "open string", "open iri") and tail in (".", ";", ","):
                mended.append(
                    Token("dot" if tail == "." else "punct", tail, token.end - 1, token.end)
                )
        self._tokens = mended

    # Statements

    def _statement(self, start: int) -> int:
        """Read the statement that begins at a token; where the next one begins."""
        for _ in range(self._most_mistakes):
            self._said = []
            try:
                if (self._tokens[start].kind == "directive" and not self._lined) or self._declares(
                    start
                ):
                    return self._directive(start)
                end, graph = self._block(start)
            except _Fault as fault:
                if fault.code == "parse-literal-predicate" and self._goes_on(start):
                    fault.code = "parse-no-object"
                self._tell(fault)
                if fault.repair is None or self._full():
                    return self._after(start, fault.at)
                end = self._tokens[fault.at - 1].end
                self._tokens.insert(fault.at, replace(fault.repair, start=end, end=end))
                continue
            except RecursionError:  # the brackets are counted before, so this is not expected
                self._mistake("parse-too-deep", self._tokens[start], most=str(NESTING))
                return len(self._tokens)
            self._parse(start, end, graph)
            return end
        return len(self._tokens)

    def _goes_on(self, start: int) -> bool:
        """Whether a statement looks like more of the one before, which a dot ended too early."""
        if not start or self._tokens[start - 1].kind != "dot":
            return False
        return self._lines.place(self._tokens[start].start)[1] > 1

    def _tell(self, fault: _Fault) -> None:
        at = min(fault.at, len(self._tokens) - 1)
        token = self._tokens[at]
        if fault.repair is not None and fault.repair.kind in ("dot", "punct"):
            before = self._tokens[max(fault.at - 1, 0)]
            token = Token("", "", before.end, before.end)  # what is missing is missing behind it
            if fault.code == "parse-unclosed-bracket":
                token = self._tokens[int(fault.words.pop("opened"))]
            self._mistake(fault.code, token, fault.repair.text, **fault.words)
            return
        shown = token.text.split("\n")[0][:60]
        self._mistake(fault.code, token, **{"text": shown, **fault.words})

    def _after(self, start: int, at: int) -> int:
        """Where to go on when a statement cannot be mended: behind the next dot, or at a line that
        begins with a term at its first column."""
        level = 0
        for number in range(max(at, start), len(self._tokens)):
            token = self._tokens[number]
            if token.is_("[", "(", "{"):
                level += 1
            elif token.is_("]", ")", "}"):
                level -= 1
            elif token.kind == "dot" and level <= 0:
                return number + 1
            if number > start and self._begins(number, 1):
                return number
        return len(self._tokens)

    def _begins(self, number: int, column: int) -> bool:
        """Whether a token begins its line, no further in than a column, as a statement does."""
        token = self._tokens[number]
        if token.kind not in ("iri", "name", "blank", "directive", "word") and not token.is_("["):
            return False
        line, mine = self._lines.place(token.start)
        above, _ = self._lines.place(self._tokens[number - 1].start) if number else (0, 0)
        return line > above and mine <= column

    def _declares(self, at: int) -> bool:
        token = self._tokens[at]
        if self._lined:
            return False
        return token.kind == "word" and token.text.lower() in ("prefix", "base", "version")

    def _directive(self, start: int) -> int:
        word = self._tokens[start].text
        kind = word.lower().removeprefix("@")
        at = start + 1
        prefix = None
        if kind == "prefix":
            token = self._at(at)
            if token is None or token.kind not in ("name", "word"):
                raise _Fault("parse-prefix", at, word=word)
            if token.kind == "word" or token.text.find(":") != len(token.text) - 1:
                fix = f"{word} {token.text.split(':')[0]}: <…>"
                self._mistake("parse-prefix", token, fix + (" ." if word[0] == "@" else ""))
            prefix = token.text.split(":")[0]
            at += 1
        token = self._at(at)
        wanted = ("string", "long") if kind == "version" else ("iri",)
        if token is None or token.kind not in wanted:
            raise _Fault("parse-prefix", at, word=word)
        iri = self._declared(token) if kind != "version" else ""
        at += 1
        if word.startswith("@"):
            following = self._at(at)
            if following is not None and following.kind == "dot":
                at += 1
            else:
                before = self._tokens[at - 1]
                self._mistake("parse-missing-dot", Token("", "", before.end, before.end), ".")
        elif (following := self._at(at)) is not None and following.kind == "dot":
            self._mistake("parse-sparql-dot", following, word=word)
            at += 1
        if prefix is not None:
            first, last = self._tokens[start], self._tokens[at - 1]
            spot = self._lines.spot(first.start, last.end)
            self._found.prefixes[prefix] = (iri, spot)
        elif kind == "base":
            self._base = iri
        return at

    def _declared(self, token: Token) -> str:
        """The IRI of a declaration, which is told of where it is none."""
        try:
            ox.NamedNode(self._resolved(token.text))
        except ValueError:
            self._mistake("parse-iri", token)
        return self._resolved(token.text)

    def _resolved(self, text: str) -> str:
        """An IRI as it is written, made whole with the base."""
        try:
            quads = ox.parse(
                f"<urn:s> <urn:p> {text} .".encode(),
                format=ox.RdfFormat.TURTLE,
                base_iri=self._base or None,
            )
            return str(next(iter(quads)).object.value)
        except (SyntaxError, ValueError):
            return text[1:-1]

    def _at(self, at: int) -> Token | None:
        return self._tokens[at] if at < len(self._tokens) else None

    def _block(self, start: int) -> tuple[int, _Place | None]:
        """Read triples, or a graph with its triples; where it ends, and the graph's name."""
        if self._format == ox.RdfFormat.TRIG:
            at = start
            token = self._tokens[at]
            if token.kind == "word" and token.text.upper() == "GRAPH":
                at += 1
            first, following = self._at(at), self._at(at + 1)
            if first is not None and first.is_("[") and following and following.is_("]"):
                following = self._at(at + 2)
            opened = at + 1 + bool(first is not None and first.is_("["))
            if first is not None and first.is_("{"):
                return self._graph(at), None
            if following is not None and following.is_("{"):
                return self._graph(opened), (at, opened - 1)
        return self._triples(start), None

    def _graph(self, at: int) -> int:
        opened = at
        at += 1
        while (token := self._at(at)) is not None and not token.is_("}"):
            at = self._triples(at, inside=True)
        if token is None:
            raise _Fault(
                "parse-unclosed-bracket",
                at,
                Token("punct", "}", 0, 0),
                opened=str(opened),
                text="{",
                close="}",
            )
        return at + 1

    def _triples(self, start: int, inside: bool = False) -> int:
        if self._new(start):
            return self._to_the_dot(start)
        token = self._tokens[start]
        at, place, _ = self._node(start, "subject")
        following = self._at(at)
        alone = token.is_("[") and at - start > 2
        if not (alone and following is not None and following.is_(".", "}")):
            at = self._list(at, place, start)
        if self._lined and (one := self._at(at)) is not None and one.kind in ("iri", "blank"):
            at += 1  # the graph of a quad
        return self._end(at, start, inside)

    def _end(self, at: int, start: int, inside: bool) -> int:
        """The dot after a statement, or what is there instead of it."""
        token = self._at(at)
        dot = Token("dot", ".", 0, 0)
        if token is None:
            raise _Fault("parse-missing-dot", at, dot)
        if token.kind == "dot":
            return at + 1
        if inside and token.is_("}"):
            return at
        if token.is_("]", ")", "}", "|}", ">>"):
            raise _Fault("parse-unopened-bracket", at)
        _, column = self._lines.place(self._tokens[start].start)
        if self._begins(at, column) or self._declares(at) or token.kind == "directive":
            raise _Fault("parse-missing-dot", at, dot)
        before = self._tokens[at - 1]
        if before.kind == "string" and token.kind in ("word", "name") and before.end == token.start:
            raise _Fault("parse-quote-inside", at)
        if token.kind in ("string", "long", "number"):
            raise _Fault("parse-missing-comma", at, Token("punct", ",", 0, 0))
        if token.kind in _TERMS or token.is_("["):
            following = self._at(at + 1)
            more = following is not None and (following.kind in _TERMS or following.is_("[", "("))
            mark = ";" if more else ","
            code = "parse-missing-semicolon" if more else "parse-missing-comma"
            raise _Fault(code, at, Token("punct", mark, 0, 0))
        raise _Fault("parse-unexpected", at)

    def _new(self, start: int) -> bool:
        """Whether a statement uses what RDF 1.2 added."""
        if not self._any_new:
            return False
        for at in range(start, len(self._tokens)):
            token = self._tokens[at]
            if token.is_(*_NEW):
                return True
            if token.is_(".", "}"):
                return False
        return False

    def _to_the_dot(self, start: int) -> int:
        level = 0
        for at in range(start, len(self._tokens)):
            token = self._tokens[at]
            if token.is_("[", "(", "<<", "<<(", "{|"):
                level += 1
            elif token.is_("]", ")", ">>", ")>>", "|}"):
                level -= 1
            elif token.kind == "dot" and level <= 0:
                return at + 1
            elif token.is_("}"):
                return at
        raise _Fault("parse-missing-dot", len(self._tokens), Token("dot", ".", 0, 0))

    def _list(self, at: int, subject: _Place, start: int) -> int:
        """Properties and their values; where they end."""
        while True:
            token = self._at(at)
            if token is not None and token.is_(";"):
                at += 1
                continue
            if token is None or token.is_(".", "]", "}", "|}"):
                if at and self._tokens[at - 1].is_(";") and at - 1 > start:
                    return at
                if token is None:
                    raise _Fault("parse-no-object", at - 1)
                raise _Fault("parse-no-object", at)
            place, predicate = (at, at), self._predicate(at)
            at += 1
            while True:
                at, value, text = self._node(at, "object")
                self._said.append(_Said(predicate, text, (subject, place, value)))
                token = self._at(at)
                if token is None or not token.is_(","):
                    break
                at += 1
            if token is None or not token.is_(";"):
                return at

    def _predicate(self, at: int) -> str:
        token = self._tokens[at]
        if token.kind == "word" and token.text == "a":
            return terms.TYPE
        if token.kind in ("iri", "name"):
            return self._expanded(token)
        if token.kind in ("string", "long", "number"):
            raise _Fault("parse-literal-predicate", at)
        if token.kind == "word":
            raise _Fault("parse-bare-word", at)
        if token.kind == "blank" or token.is_("[", "("):
            raise _Fault("parse-blank-predicate", at)
        raise _Fault("parse-unexpected", at)

    def _expanded(self, token: Token) -> str:
        """The IRI that a token stands for, as far as it needs to be known here."""
        if token.kind == "iri":
            return self._resolved(token.text) if "\\" in token.text else self._whole(token.text)
        prefix, _, local = token.text.partition(":")
        if prefix in self._found.prefixes:
            return self._found.prefixes[prefix][0] + re.sub(r"\\(.)", r"\1", local)
        places = self._missing.setdefault(prefix, [])
        if token not in places:
            places.append(token)
        return self._guessed.setdefault(prefix, USUAL.get(prefix, "")) + local

    def _whole(self, text: str) -> str:
        return text[1:-1] if ":" in text else self._resolved(text)

    def _node(self, at: int, part: str) -> tuple[int, _Place, str | None]:
        """A subject or object: where what follows begins, its place, and its text."""
        token = self._at(at)
        if token is None:
            raise _Fault("parse-no-object", at - 1)
        if token.is_("["):
            return self._nameless(at)
        if token.is_("("):
            return self._collection(at)
        if token.kind in ("iri", "name"):
            return at + 1, (at, at), self._expanded(token)
        if token.kind == "blank":
            return at + 1, (at, at), None
        if part == "subject":
            if token.kind in ("string", "long", "number"):
                raise _Fault("parse-literal-subject", at)
            if token.kind == "word":
                raise _Fault("parse-bare-word", at)
            raise _Fault("parse-unexpected", at)
        return self._literal(at, token)

    def _literal(self, at: int, token: Token) -> tuple[int, _Place, str | None]:
        if token.kind == "number" or (token.kind == "word" and token.text in ("true", "false")):
            return at + 1, (at, at), token.text
        if token.kind in ("string", "long"):
            marks = 3 if token.kind == "long" else 1
            text = unescaped(token.text[marks:-marks])
            following = self._at(at + 1)
            if following is not None and following.kind == "language":
                return at + 2, (at, at + 1), text
            if following is not None and following.is_("^^"):
                kind = self._at(at + 2)
                if kind is None or kind.kind not in ("iri", "name"):
                    raise _Fault("parse-datatype", at + 1)
                self._expanded(kind)
                return at + 3, (at, at + 2), text
            return at + 1, (at, at), text
        if token.kind == "word":
            raise _Fault("parse-bare-word", at)
        raise _Fault("parse-no-object", at)

    def _nameless(self, start: int) -> tuple[int, _Place, str | None]:
        following = self._at(start + 1)
        if following is not None and following.is_("]"):
            return start + 2, (start, start + 1), None
        at = self._list(start + 1, (start, start), start)
        self._close(at, start, "]")
        return at + 1, (start, at), None

    def _collection(self, start: int) -> tuple[int, _Place, str | None]:
        at = start + 1
        while (token := self._at(at)) is not None and not token.is_(")"):
            if token.is_(".", ";", ",", "]"):
                break
            at, place, text = self._node(at, "object")
            self._said.append(_Said(terms.FIRST, text, ((start, start), (start, start), place)))
            self._said.append(_Said(terms.REST, None, ((start, start), (start, start), place)))
        self._close(at, start, ")")
        if at == start + 1:
            return at + 1, (start, at), terms.NIL
        return at + 1, (start, at), None

    def _close(self, at: int, opened: int, mark: str) -> None:
        token = self._at(at)
        if token is None or not token.is_(mark):
            raise _Fault(
                "parse-unclosed-bracket",
                at,
                Token("punct", mark, 0, 0),
                opened=str(opened),
                text=self._tokens[opened].text,
                close=mark,
            )

    # Triples

    def _parse(self, start: int, end: int, graph: _Place | None) -> None:
        """The triples of a statement, by Oxigraph, each with the places that are known."""
        used = self._tokens[start:end]
        unknown = {
            token.text.partition(":")[0]
            for token in used
            if token.kind == "name" and token.text.partition(":")[0] not in self._found.prefixes
        }
        if any(not self._guessed.get(prefix) for prefix in unknown):
            return  # what is not known what it stands for is told of once, at the end
        header = ""
        if not self._lined:
            prefixes = {one.text.partition(":")[0] for one in used if one.kind == "name"}
            known = {name: iri for name, (iri, _) in self._found.prefixes.items()} | {
                name: self._guessed[name] for name in unknown
            }
            header = "".join(f"@prefix {name}: <{known[name]}> .\n" for name in sorted(prefixes))
        try:
            quads = list(
                ox.parse(
                    (header + _spelled(used)).encode("utf-8", "surrogatepass"),
                    format=self._format,
                    base_iri=self._base or None,
                )
            )
        except (SyntaxError, ValueError) as fault:
            words = _POSITION.sub("", getattr(fault, "msg", None) or str(fault))
            first, last = used[0], used[-1]
            shown = Token("", "", first.start, min(last.end, self._line_end(first.start)))
            code = next((code for sign, code in _SAID.items() if sign in words), "parse-error")
            self._mistake(code, shown, words=words)
            return
        said = _Index(self._said)
        whole = self._place((start, end - 1))
        for quad in quads:
            places = said.taken(quad)
            spots = [self._place(one) for one in places] if places else [whole] * 3
            self._found.rows.append(Row(quad, *spots))

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return len(self._text) if end < 0 else end

    def _place(self, place: _Place) -> Spot:
        return self._lines.spot(self._tokens[place[0]].start, self._tokens[place[1]].end)

    def _tell_missing(self) -> None:
        """One finding for each prefix that is not declared."""
        for prefix, places in self._missing.items():
            iri = USUAL.get(prefix, "")
            fix = f"@prefix {prefix}: <{iri or '…'}> ."
            first = places[0]
            token = Token("", "", first.start, first.start + len(prefix) + 1)
            self._mistake("prefix-undeclared", token, fix, prefix=prefix, iri=iri)


def _spelled(used: Sequence[Token]) -> str:
    """Tokens as a text: in lines as they were, since N-Triples has one triple on each."""
    pieces: list[str] = []
    for token in used:
        glued = token.kind in ("language",) or token.text == "^^" or (pieces and pieces[-1] == "^^")
        if pieces and not glued:
            pieces.append(" ")
        pieces.append(token.text)
    return "".join(pieces)


class _Index:
    """The places of the triples of a statement; none is given twice."""

    def __init__(self, said: Sequence[_Said]) -> None:
        self._exact: dict[tuple[str, str | None], deque[_Said]] = defaultdict(deque)
        self._others: dict[str, deque[_Said]] = defaultdict(deque)
        for one in said:
            self._exact[one.predicate, one.value].append(one)
            self._others[one.predicate].append(one)
        self._used: set[int] = set()

    def taken(self, quad: ox.Quad) -> tuple[_Place, _Place, _Place] | None:
        """The places of a triple; where its value was not recognised, of one with its property."""
        value = quad.object
        text = None if isinstance(value, ox.BlankNode | ox.Triple) else value.value
        predicate = quad.predicate.value
        for places in (self._exact[predicate, text], self._others[predicate]):
            while places:
                one = places.popleft()
                if id(one) not in self._used:
                    self._used.add(id(one))
                    return one.places
        return None


_POSITION = re.compile(r"^Parser error at line \d+ (between columns \d+ and|column) \d+: ")

_SAID = {
    "language": "parse-language",
    "scape": "parse-escape",
    "IRI": "parse-iri",
}
"""What is wrong, by a word that the parser says."""

_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}


def unescaped(text: str) -> str:
    """The text that a quoted text of Turtle means (Turtle, section 6.4)."""

    def meant(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code:
            return chr(int(code, 16)) if int(code, 16) < 0x110000 else "\ufffd"
        return _ESCAPES.get(found[3], found[3])

    return re.sub(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", meant, text)


def _quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{plain}"'


_MENDED: dict[str, tuple[str, Callable[[str], str]]] = {
    "open long": ("parse-unclosed-text", lambda text: _quoted(text[3:].split("\n")[0])),
    "open string": ("parse-unclosed-text", lambda text: _quoted(text[1:].rstrip(" .;,"))),
    "curly": ("parse-curly-quotes", lambda text: _quoted(text.strip("“”„«»‘’‚"))),
    "bad language": ("parse-language", lambda text: ""),
    "bad iri": (
        "parse-iri",
        lambda text: re.sub(r"[\s\"{}|^`\\]", lambda found: f"%{ord(found[0]):02X}", text),
    ),
    "bare iri": ("parse-bare-iri", lambda text: f"<{text}>"),
    "open iri": ("parse-unclosed-iri", lambda text: f"{text.rstrip('.;,')}>"),
    "comment": ("parse-comment", lambda text: ""),
    "odd": ("parse-unexpected", lambda text: ""),
}
"""Tokens that are none: the code of the mistake, and what was meant, or nothing."""


def read(text: str, fmt: ox.RdfFormat, base: str, most: int = 500_000, mistakes: int = 300) -> Read:
    """All of a text, as far as it can be read: at most so many triples, and mistakes."""
    return Reader(text, fmt, base, most, mistakes).read()
