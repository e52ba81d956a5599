"""SELECT queries of SPARQL constraints (SHACL, section 5), as the triple patterns that they read.

What is understood are groups of triple patterns whose predicates are IRIs, with UNION, OPTIONAL,
FILTER, FILTER (NOT) EXISTS and BIND. Of anything else it is said what it is (`Refused`): whoever
asks must then suppose that the query reads everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, product
from typing import TypeAlias

import pyoxigraph as ox

from foedera import terms
from foedera.errors import FoederaError
from foedera.query.scan import Token, tokens

THIS = "this"

_ALTERNATIVES = 32
"""Ways through the UNIONs of one query, as far as each is followed on its own."""


class Refused(Exception):
    """A query that is not understood. ``predicates`` are all that it can read, where that is
    known."""

    def __init__(self, why: str, predicates: frozenset[ox.NamedNode] | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.predicates = predicates


Node: TypeAlias = "str | ox.NamedNode"
"""The name of a variable, or an IRI. A literal is as if it were a variable of its own."""


@dataclass(frozen=True)
class Pattern:
    """A triple pattern."""

    subject: Node
    predicate: ox.NamedNode
    object: Node

    @property
    def variables(self) -> set[str]:
        return {one for one in (self.subject, self.object) if isinstance(one, str)}


@dataclass(frozen=True)
class Body:
    """Patterns that one solution matches all together; ``own`` are those that no outer one has.

    A query has one for each way through its UNIONs, and for each group in an EXISTS or an
    OPTIONAL, whose patterns come after all those of the groups around it.
    """

    patterns: tuple[Pattern, ...]
    own: tuple[Pattern, ...]


def bodies(
    text: str, prefixes: Mapping[str, str], path: tuple[ox.NamedNode, bool] | None = None
) -> tuple[Body, ...]:
    """What a query reads, starting at $this. ``path`` is what stands for $PATH, and whether it is
    the inverse of that. Raises Refused."""
    try:
        reader = _Reader(text, prefixes, path)
        group = reader.query()
    except FoederaError as fault:
        raise Refused(f"its query cannot be read: {fault.detail}") from None
    except IndexError:
        raise Refused("its query ends too early") from None
    found = tuple(dict.fromkeys(_bodies(group, ((),))))
    everything = [pattern for body in found for pattern in body.patterns]
    predicates = frozenset(pattern.predicate for pattern in everything)
    for body in found:
        if not _connected(body):
            raise Refused("a part of its query is not connected to $this", predicates)
    for optional, outside in _optionals(group):
        if optional & outside:
            raise Refused("it goes on from what an OPTIONAL may have found", predicates)
    if reader.made & {name for pattern in everything for name in pattern.variables}:
        raise Refused("it looks for what it has computed", predicates)
    return found


def gives_this(text: str) -> bool:
    """Whether $this is among what a query gives."""
    depth = 0
    for token in _parted(tokens(text)):
        if token.text == "{" and token.kind == "other":
            return False
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if not depth and (token.text == "*" or token.text[1:] == THIS):
            return True
    return False


def _connected(body: Body) -> bool:
    """Whether all patterns hang together with $this by variables."""
    reached, rest = {THIS}, list(body.patterns)
    while rest:
        near = [one for one in rest if one.variables & reached]
        if not near:
            return False
        reached.update(*(one.variables for one in near))
        rest = [one for one in rest if one not in near]
    return True


@dataclass
class _Group:
    """A group of a query; ``unions`` has the branches of each UNION, ``exists`` what is asked for
    in filters."""

    patterns: list[Pattern] = field(default_factory=list)
    unions: list[list[_Group]] = field(default_factory=list)
    exists: list[_Group] = field(default_factory=list)
    optionals: list[_Group] = field(default_factory=list)

    def groups(self) -> Iterator[_Group]:
        yield self
        for inner in (*(one for branches in self.unions for one in branches), *self.exists):
            yield from inner.groups()
        for inner in self.optionals:
            yield from inner.groups()


def _expanded(group: _Group) -> list[tuple[Pattern, ...]]:
    """The patterns of a group, once for each way through its UNIONs."""
    choices = [
        [one for branch in branches for one in _expanded(branch)] for branches in group.unions
    ]
    size = 1
    for choice in choices:
        size *= len(choice)
    if size > _ALTERNATIVES:
        raise Refused(f"its UNIONs have more than {_ALTERNATIVES} ways through")
    own = tuple(group.patterns)
    return [sum(ways, own) for ways in product(*choices)]


def _bodies(group: _Group, outer: Iterable[tuple[Pattern, ...]]) -> Iterator[Body]:
    ways = [(before, own) for before in outer for own in _expanded(group)]
    if len(ways) > _ALTERNATIVES:
        raise Refused(f"its UNIONs have more than {_ALTERNATIVES} ways through")
    yield from (Body(before + own, own) for before, own in ways)
    for inner in (*group.exists, *group.optionals):
        yield from _bodies(inner, [before + own for before, own in ways])


def _optionals(group: _Group) -> Iterator[tuple[set[str], set[str]]]:
    """Of each OPTIONAL the variables that only it binds, and those of all that is not in it."""
    for one in group.groups():
        sure = {name for way in _expanded(one) for pattern in way for name in pattern.variables}
        for optional in one.optionals:
            inside = {name for part in optional.groups() for name in _variables(part)}
            within = [*optional.groups()]
            others = (part for part in group.groups() if all(part is not each for each in within))
            yield inside - sure - {THIS}, {name for part in others for name in _variables(part)}


def _variables(group: _Group) -> set[str]:
    return {name for pattern in group.patterns for name in pattern.variables}


_UNSURE = frozenset({"RAND", "NOW", "UUID", "STRUUID", "BNODE"})
_AGGREGATES = frozenset({"COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"})
_MODIFIERS = frozenset({"ORDER", "BY", "ASC", "DESC"})


class _Reader:
    """A query, token by token."""

    def __init__(
        self, text: str, prefixes: Mapping[str, str], path: tuple[ox.NamedNode, bool] | None
    ) -> None:
        if "\\u" in text or "\\U" in text:
            raise Refused("its query has codepoint escapes")
        self._found = [*_parted(tokens(text)), Token("end", "", len(text))]
        self._at = 0
        self._prefixes = dict(prefixes)
        self._path = path
        self._fresh = count()
        self.made: set[str] = set()
        """The variables that are computed."""

    # Tokens

    def _next(self) -> Token:
        token = self._found[self._at]
        self._at += 1
        return token

    def _word(self, ahead: int = 0) -> str:
        """The keyword that comes next, or nothing."""
        token = self._found[self._at + ahead]
        return token.text.upper() if token.kind == "word" else ""

    def _sees(self, text: str) -> bool:
        token = self._found[self._at]
        return token.kind == "other" and token.text == text

    def _takes(self, text: str) -> bool:
        """Whether a sign or keyword comes next, which is then taken."""
        if self._sees(text) or (text.isalpha() and self._word() == text):
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise self._unknown()

    def _unknown(self) -> Refused:
        token = self._found[self._at]
        return Refused(f"its query has {token.text[:40] or 'its end'} where that is not understood")

    # The grammar

    def query(self) -> _Group:
        while self._takes("PREFIX"):
            name, iri = self._next(), self._next()
            if name.kind != "name" or iri.kind != "iri" or ":" not in iri.text:
                raise Refused("its query has a PREFIX that is not understood")
            self._prefixes[name.text[:-1]] = iri.text[1:-1]
        if not self._takes("SELECT"):
            raise self._unknown()
        if self._word() in ("DISTINCT", "REDUCED"):
            self._next()
        while not (self._sees("{") or self._word() == "WHERE"):
            if self._sees("("):
                self._made()
            elif self._takes("*") or self._found[self._at].kind == "variable":
                self._at += self._found[self._at].kind == "variable"
            else:
                raise self._unknown()
        self._takes("WHERE")
        group = self._group(nested=False)
        if self._takes("ORDER"):
            self._expect("BY")
            while self._found[self._at].kind == "variable" or self._word() in _MODIFIERS:
                self._next()
                if self._sees("("):
                    self._brackets(None)
        if self._found[self._at].kind != "end":
            raise self._unknown()
        return group

    def _group(self, nested: bool) -> _Group:
        """A group; one that is ``nested`` in a group has no solution of that to look at."""
        self._expect("{")
        group = _Group()
        while not self._takes("}"):
            if self._takes("FILTER"):
                self._filter(None if nested else group)
            elif not nested and self._takes("OPTIONAL"):
                group.optionals.append(self._group(nested=True))
            elif self._takes("BIND"):
                self._made()
            elif self._sees("{"):
                group.unions.append([self._group(nested=True)])
                while self._takes("UNION"):
                    group.unions[-1].append(self._group(nested=True))
            elif self._word() and self._word() not in ("TRUE", "FALSE"):
                raise Refused(f"its query has {self._word()}")
            else:
                self._triples(group)
            if group.optionals and not (
                self._word() in ("FILTER", "OPTIONAL", "BIND") or self._sees("}") or self._sees(".")
            ):
                raise Refused("its query has something behind an OPTIONAL")
            self._takes(".")
        return group

    def _filter(self, group: _Group | None) -> None:
        if self._exists(group):
            return
        token = self._found[self._at]
        if token.kind in ("word", "iri", "name"):
            self._function(self._next())
        self._brackets(group)

    def _exists(self, group: _Group | None) -> bool:
        """An EXISTS, which belongs to a group; where there is none to look at it is refused."""
        negated = self._word() == "NOT"
        if self._word(negated) != "EXISTS":
            return False
        if group is None:
            raise Refused("its query has EXISTS in a group within a group")
        self._at += 1 + negated
        group.exists.append(self._group(nested=False))
        return True

    def _brackets(self, group: _Group | None) -> None:
        """An expression in brackets: what it says does not matter, but what it looks at."""
        self._expect("(")
        depth = 1
        while depth:
            if self._exists(group):
                continue
            if self._found[self._at].kind == "end":
                raise self._unknown()
            token = self._next()
            if token.kind == "other":
                if token.text in "{}":
                    raise Refused("its query has a group in an expression")
                depth += (token.text == "(") - (token.text == ")")
            elif token.kind == "word" or (token.kind in ("iri", "name") and self._sees("(")):
                self._function(token)

    def _function(self, token: Token) -> None:
        """A word of an expression, or a function with a name of its own."""
        if token.kind == "word":
            word = token.text.upper()
            if word in _UNSURE:
                raise Refused(f"its query has {word}, which is not the same each time")
            if word in _AGGREGATES or word == "SELECT":
                raise Refused(f"its query has {word}")
        elif not self._iri(token).value.startswith(terms.XSD):
            raise Refused(f"its query calls {token.text[:80]}")

    def _made(self) -> None:
        """An expression AS a variable, in brackets."""
        start = self._at
        self._brackets(None)
        last, word = self._found[self._at - 2], self._found[self._at - 3]
        if self._at - start < 5 or last.kind != "variable" or word.text.upper() != "AS":
            raise Refused("its query has brackets that are not understood")
        self.made.add(last.text[1:])

    def _triples(self, group: _Group) -> None:
        subject = self._term()
        while True:
            predicate, inverse = self._verb()
            while True:
                value = self._term()
                ends = (value, subject) if inverse else (subject, value)
                group.patterns.append(Pattern(ends[0], predicate, ends[1]))
                if not self._takes(","):
                    break
            if not self._takes(";"):
                return
            while self._takes(";"):
                pass
            if self._sees(".") or self._sees("}"):
                return

    def _verb(self) -> tuple[ox.NamedNode, bool]:
        inverse = self._takes("^")
        token = self._next()
        if token.kind == "variable":
            if token.text[1:] != "PATH" or self._path is None:
                raise Refused(f"its query has {token.text[:40]} for a predicate")
            predicate, other = self._path
            inverse = inverse != other
        elif token.kind == "word" and token.text == "a":
            predicate = ox.NamedNode(terms.TYPE)
        else:
            predicate = self._iri(token)
        if any(self._sees(sign) for sign in "/|*+?") or self._sees("("):
            raise Refused("its query has a path")
        return predicate, inverse

    def _term(self) -> Node:
        token = self._next()
        if token.kind == "variable":
            name = token.text[1:]
            if name in ("currentShape", "shapesGraph", "PATH"):
                raise Refused(f"its query looks for ${name}")
            return name
        if token.kind in ("iri", "name"):
            return self._iri(token)
        if token.kind == "other" and token.text in "+-":
            token = self._next()
        if token.kind == "string":
            if self._found[self._at].kind == "language":
                self._next()
            elif self._takes("^"):
                self._expect("^")
                self._iri(self._next())
        elif token.kind != "number" and token.text.upper() not in ("TRUE", "FALSE"):
            self._at -= 1
            raise self._unknown()
        return f" {next(self._fresh)}"

    def _iri(self, token: Token) -> ox.NamedNode:
        text = token.text
        try:
            if token.kind == "iri":
                return ox.NamedNode(text[1:-1])
            prefix, _, local = text.partition(":")
            if token.kind == "name" and prefix in self._prefixes and "\\" not in local:
                return ox.NamedNode(self._prefixes[prefix] + local)
        except ValueError:
            pass
        raise Refused(f"its query has {text[:80]}, which is not understood")


def _parted(found: Iterable[Token]) -> Iterator[Token]:
    """The tokens, with the full stop behind a name or a number as one of its own."""
    for token in found:
        if token.kind in ("name", "number") and token.text.endswith("."):
            end = len(token.text) - 1
            yield Token(token.kind, token.text[:end], token.start, token.depth)
            yield Token("other", ".", token.start + end, token.depth)
        else:
            yield token
