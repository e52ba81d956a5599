"""Writes a query so that the engine does the same in less time, where the release's counts say so.

The engine orders patterns by their shape alone. Two things cost it most, and a few tokens show
them: counting or listing everything, where the answer is one of the numbers kept with the release;
and a path of any length to one known thing, which it follows from every candidate instead of once
from the thing. What is not plainly one of these stays as it is written. The texts have parsed and
passed `scan`, so that its tokens are the engine's. The new text is for this engine alone: LATERAL
is a word of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from foedera import terms
from foedera.query.scan import Token, tokens

_MAY_BE_BETTER = re.compile(r"COUNT|DISTINCT|[\w>.-][*+]", re.IGNORECASE)
_LEFT_ALONE = re.compile(r"\\[uU]|\b(?:BASE|FROM|GRAPH|LATERAL|SERVICE|VERSION)\b", re.IGNORECASE)
"""Marks of queries that are not looked at: they read other graphs, or are not what they seem."""

_MOST_ROWS = 1000
"""The most rows that are written into a query."""


@dataclass(frozen=True)
class Planned:
    """A query as the engine should do it, and what was changed, in words; nothing if nothing."""

    text: str
    notes: tuple[str, ...] = ()


def better(
    text: str, numbers: Mapping[str, Any], prefixes: Mapping[str, str], whole: bool
) -> Planned:
    """The same query, perhaps written otherwise: it has the same solutions, each as often.

    ``numbers`` are those of the release; ``prefixes`` hold until the query declares its own.
    ``whole`` tells that the dataset is the release as it is: only then are its numbers answers.
    """
    if not _MAY_BE_BETTER.search(text) or _LEFT_ALONE.search(text):
        return Planned(text)
    return _Plan(text, numbers, prefixes, whole).planned()


@dataclass(frozen=True)
class _Triple:
    """A triple pattern; its predicate is a variable, or the steps of a path."""

    subject: Token
    steps: tuple[str, ...]
    value: Token

    def __str__(self) -> str:
        return f"{self.subject.text} {'/'.join(self.steps)} {self.value.text}"


@dataclass(frozen=True)
class _Change:
    end: int
    text: str
    note: str


class _Plan:
    def __init__(
        self, text: str, numbers: Mapping[str, Any], prefixes: Mapping[str, str], whole: bool
    ) -> None:
        self._text = text
        self._found = [*_parted(tokens(text)), Token("end", "\0", len(text))]
        self._words = [
            token.text.upper() if token.kind == "word" and token.text != "a" else ""
            for token in self._found
        ]
        self._numbers = numbers
        self._prefixes = {f"{name}:": iri for name, iri in prefixes.items()}
        for at, word in enumerate(self._words[:-2]):
            if word == "PREFIX":
                self._prefixes[self._found[at + 1].text] = self._found[at + 2].text[1:-1]
        self._whole = whole
        self._all_columns = any(
            token.text == "*" and self._words[at - 1] in _BEFORE_ALL
            for at, token in enumerate(self._found)
        )
        self._names = 0

    def planned(self) -> Planned:
        pieces: list[str] = []
        notes: list[str] = []
        end = 0
        for at in self._free():
            start = self._found[at].start
            if start >= end:
                change = self._counted(at) if self._words[at] else self._path_first(at)
                if change:
                    pieces += (self._text[end:start], change.text)
                    notes.append(change.note)
                    end = change.end
        return Planned("".join((*pieces, self._text[end:])), tuple(notes))

    def _free(self) -> Iterator[int]:
        """Where a SELECT stands, and the first token of a group, that is asked once for all.

        That is the outermost group, the branches of a union that stands first in such a group, and
        a group or subquery that does. Others may be asked for each solution of what stands before.
        """
        stack, closed, awaited = [True], False, False
        for at, token in enumerate(self._found):
            word, before = self._words[at], at - 1
            if word in ("SELECT", "ASK") and stack[-1]:
                if at == 0 or len(stack) == 1 or self._found[before].text == "{":
                    awaited = True
                    if word == "SELECT":
                        yield at
            elif word == "WHERE" and len(stack) == 1:
                awaited = True
            elif token.text == "{" and token.kind == "other":
                first = self._found[before].text == "{" or (
                    self._words[before] == "UNION" and closed
                )
                within = self._words[before] == "EXISTS"
                stack.append(stack[-1] and not within and (awaited or (first and len(stack) > 1)))
                awaited = awaited and within
                if stack[-1]:
                    yield at + 1
            elif token.text == "}" and token.kind == "other" and len(stack) > 1:
                closed = stack.pop()

    def _counted(self, at: int) -> _Change | None:
        """A SELECT that only counts or lists what the numbers of the release tell."""
        spelled = (word or token.text for word, token in zip(self._words, self._found, strict=True))
        plain = _COUNTS.match(" ".join(islice(spelled, at, at + _LONGEST)))
        if not (self._whole and plain):
            return None
        key, count = (_name(plain[column]) for column in ("key", "count"))
        rows = self._rows(plain)
        if rows is None or len(rows) > _MOST_ROWS:
            return None
        if {_name(one) for one in re.findall(_VARIABLE, plain["tail"])} - {key, count}:
            return None
        columns = " ".join(f"?{one}" for one in (key, count) if one)
        values = " ".join(f"({row})" for row in rows)
        last = self._found[at + plain[0][: plain.start("tail") - plain.start()].count(" ")]
        return _Change(
            last.start + len(last.text),
            f"SELECT {columns} {{ VALUES ({columns}) {{ {values} }} }}",
            f"{columns} from the numbers that are kept",
        )

    def _rows(self, plain: re.Match[str]) -> list[str] | None:
        subject, predicate, value = (_name(plain[place]) for place in ("s", "p", "o"))
        key, counted, only = _name(plain["key"]), _name(plain["counted"]), plain["only"]
        places = [one for one in (subject, predicate, value) if one]
        if len({*places, _name(plain["count"])}) < len(places) + 1:
            return None  # one name in two places
        if plain["count"]:
            if plain["distinct"] or _name(plain["by"]) != key:
                return None
            if counted not in places and (only or plain["counted"] != "*"):
                return None
        elif not (key and plain["distinct"]):
            return None
        classes: dict[str, int] = self._numbers["classes"]
        properties: dict[str, int] = self._numbers["properties"]
        of_types = self._iri(plain["p"]) == terms.TYPE
        if of_types and sum(classes.values()) != properties.get(terms.TYPE):
            return None  # a class without an IRI is not among the numbers
        if key:
            table = properties if key == predicate else classes if of_types and key == value else {}
            # A thing is of a class once, so that there are as many things as triples.
            if not table or counted == key or (only and not (of_types and counted == subject)):
                return None
            return [f"<{iri}> {n}" if plain["count"] else f"<{iri}>" for iri, n in table.items()]
        if only:
            lists = {predicate: len(properties)} if predicate else {}
            lists |= {subject: self._numbers["subjects"]} if predicate else {}
            lists |= {value: len(classes)} if of_types else {}
            number = lists.get(counted)
        else:
            number = (
                self._numbers["triples"] if predicate else properties.get(self._iri(plain["p"]))
            )
        return None if number is None else [str(number)]

    def _iri(self, text: str) -> str:
        """The IRI that a term is, or nothing."""
        if text == "a":
            return terms.TYPE
        if text.startswith("<"):
            return text[1:-1]
        prefix, colon, local = text.partition(":")
        return self._prefixes.get(prefix + colon, "") + local if colon else ""

    def _path_first(self, at: int) -> _Change | None:
        """A group that begins with triple patterns, of which one is a path to something known.

        It goes first, and the others are asked for what it finds, where the counts say that it
        finds less than any of them.
        """
        read = self._triples(at)
        if read is None:
            return None
        block, after = read
        for index, one in enumerate(block):
            rest = block[:index] + block[index + 1 :]
            path, rest = self._end_of(one, rest)
            if path is None:
                continue
            near = path.subject if path.subject.kind == "variable" else path.value
            met = any(near.text in (other.subject.text, other.value.text) for other in rest)
            most = self._size(path.steps[0].strip("^*+"))
            if met and most < min(map(self._estimate, rest)):
                last = self._found[after - 1]
                others = " . ".join(map(str, rest))
                return _Change(
                    last.start + len(last.text),
                    f"{path} LATERAL {{ {others} }}",
                    f"{path} goes first: {most} against {min(map(self._estimate, rest))}",
                )
        return None

    def _end_of(self, one: _Triple, rest: list[_Triple]) -> tuple[_Triple | None, list[_Triple]]:
        """The last step of a path, when it may be taken any number of times and ends at something
        known; its other steps are added to the rest."""
        if not one.steps[-1].endswith(("*", "+")):
            return None, rest
        known = [end for end in (one.subject, one.value) if end.kind in ("iri", "name")]
        if len(known) != 1:
            return None, rest
        if len(one.steps) == 1:
            return one, rest
        if self._all_columns:  # a variable of ours would be one of them
            return None, rest
        while f"between{self._names}" in self._text:
            self._names += 1
        between = Token("variable", f"?between{self._names}", 0)
        self._names += 1
        return (
            _Triple(between, one.steps[-1:], one.value),
            [*rest, _Triple(one.subject, one.steps[:-1], between)],
        )

    def _size(self, step: str) -> int:
        return int(self._numbers["properties"].get(self._iri(step), 0))

    def _estimate(self, triple: _Triple) -> int:
        """How many solutions a pattern has at most, roughly; 0 for one that knows an end."""
        if triple.subject.kind != "variable" or any(step[-1] in "*+" for step in triple.steps):
            return 0
        if triple.steps[0][0] in "?$":
            return int(self._numbers["triples"]) if triple.value.kind == "variable" else 0
        if triple.value.kind != "variable":
            types = len(triple.steps) == 1 and self._iri(triple.steps[0]) == terms.TYPE
            return int(self._numbers["classes"].get(self._iri(triple.value.text), 0)) * types
        return self._size(triple.steps[-1].strip("^"))

    def _triples(self, at: int) -> tuple[list[_Triple], int] | None:
        """The triple patterns with which a group begins, and the index behind them.

        None where they are not all plain, or what follows would go on with them.
        """
        found, block = self._found, []
        while _is_node(found[at]):
            subject = found[at]
            at += 1
            while True:
                verb = self._verb(at)
                if verb is None:
                    return None
                steps, at = verb
                while True:
                    if not _is_node(found[at]):
                        return None
                    block.append(_Triple(subject, steps, found[at]))
                    at += 1
                    if found[at].text != ",":
                        break
                    at += 1
                if found[at].text != ";":
                    break
                while found[at].text == ";":
                    at += 1
                if found[at].text in (".", "}"):
                    break
            if found[at].text != ".":
                break
            at += 1
        ended = found[at].text == "}" or self._words[at] in _AFTER_TRIPLES
        return (block, at) if block and ended else None

    def _verb(self, at: int) -> tuple[tuple[str, ...], int] | None:
        found = self._found
        if found[at].kind == "variable":
            return (found[at].text,), at + 1
        steps = []
        while True:
            step = ""
            if found[at].text == "^":
                step, at = "^", at + 1
            if found[at].kind not in ("iri", "name") and found[at].text != "a":
                return None
            step, at = step + found[at].text, at + 1
            if found[at].text in ("*", "+"):
                step, at = step + found[at].text, at + 1
            steps.append(step)
            if found[at].text != "/":
                return tuple(steps), at
            at += 1


def _is_node(token: Token) -> bool:
    """Whether a term is a variable or an IRI; what has no name cannot stand in two groups."""
    return token.kind in ("variable", "iri", "name") and not token.text.startswith("_:")


_AFTER_TRIPLES = frozenset({"FILTER", "OPTIONAL", "BIND", "VALUES"})
_BEFORE_ALL = frozenset({"SELECT", "DISTINCT", "REDUCED", "DESCRIBE"})
_VARIABLE = r"[?$]\w+"
_ANY = rf"(?:{_VARIABLE}|\[ \])"
_LONGEST = 60
"""More tokens than a query has that only counts."""

_COUNTS = re.compile(
    rf"SELECT (?P<distinct>DISTINCT )?(?:(?P<key>{_VARIABLE}) )?"
    rf"(?:\( COUNT \( (?P<only>DISTINCT )?(?P<counted>\*|{_VARIABLE}) \) "
    rf"AS (?P<count>{_VARIABLE}) \) )?"
    rf"(?:WHERE )?\{{ (?P<s>{_ANY}) (?P<p>{_VARIABLE}|\S+) (?P<o>{_ANY}) (?:\. )?\}}"
    rf"(?: GROUP BY (?P<by>{_VARIABLE}))?"
    rf"(?P<tail>(?: (?:ORDER|LIMIT|OFFSET)"
    rf"(?: (?:BY|ASC|DESC|LIMIT|OFFSET|\(|\)|\d+|{_VARIABLE}))*)?) (?:\}}|\0)"
)
"""The tokens of a SELECT that counts or lists all, with a space between."""


def _name(text: str | None) -> str:
    """The name of a variable, or nothing."""
    return text[1:] if text and text[0] in "?$" else ""


def _parted(found: Iterable[Token]) -> Iterator[Token]:
    """The tokens, with the full stop behind a name as one of its own."""
    for token in found:
        if token.kind == "name" and token.text.endswith(".") and not token.text.startswith("_:"):
            end = len(token.text) - 1
            yield Token(token.kind, token.text[:end], token.start, token.depth)
            yield Token("other", ".", token.start + end, token.depth)
        else:
            yield token
