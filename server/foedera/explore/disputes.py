"""What sources disagree on: claims that cannot hold beside each other, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from foedera.explore import queries
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

RANKS = ("preferred", "", "normal", "deprecated")
"""How claims are ranked, best first; "" where nothing is said."""


@dataclass(slots=True)
class _Claim:
    """What the rows say of a claim, each value once."""

    others: dict[ox.NamedNode, None] = field(default_factory=dict)
    values: dict[str, dict[Any, None]] = field(default_factory=dict)
    evidence: dict[tuple[Any, Any, Any, Any], None] = field(default_factory=dict)

    def of(self, column: str) -> list[Any]:
        return list(self.values.get(column, ()))

    def literals(self, column: str) -> list[ox.Literal]:
        return [value for value in self.of(column) if isinstance(value, ox.Literal)]

    @property
    def rank(self) -> str:
        return min((text.value for text in self.literals("rank")), key=_worth, default="")


_VALUES = ("about", "property", "says", "words", "rank", "confidence", "basis", "reason")


def _worth(rank: str) -> tuple[int, str]:
    return RANKS.index(rank) if rank in RANKS else len(RANKS), rank


@dataclass(frozen=True)
class _Disputes:
    """The claims, and which belong to one case: each case in sides, the better ranked first."""

    claims: dict[ox.NamedNode, _Claim]
    cases: Sequence[Sequence[Sequence[ox.NamedNode]]]
    cut: bool


def _disputes(store: Store) -> _Disputes:
    claims: dict[ox.NamedNode, _Claim] = {}
    count = 0
    for row in queries.rows(store, queries.DISAGREEMENTS):
        count += 1
        one, other = row("one"), row("other")
        if count > queries.ROWS:
            break
        if not isinstance(one, ox.NamedNode) or not isinstance(other, ox.NamedNode):
            continue
        claim = claims.setdefault(one, _Claim())
        claim.others[other] = None
        claims.setdefault(other, _Claim()).others[one] = None
        for column in _VALUES:
            if (value := row(column)) is not None:
                claim.values.setdefault(column, {})[value] = None
        if row("source") is not None or row("evidence") is not None:
            claim.evidence[row("evidence"), row("source"), row("start"), row("end")] = None
    return _Disputes(claims, _cases(claims), count > queries.ROWS)


def _cases(claims: dict[ox.NamedNode, _Claim]) -> list[list[list[ox.NamedNode]]]:
    """Claims that are tied by contradictions, split so that no side contradicts itself."""
    cases = []
    sides: dict[ox.NamedNode, int] = {}
    for first in sorted(claims, key=lambda one: one.value):
        if first in sides:
            continue
        front, case = [first], []
        while front:
            one = front.pop(0)
            if one in sides:
                continue
            taken = {sides[other] for other in claims[one].others if other in sides}
            sides[one] = next(side for side in range(len(claims)) if side not in taken)
            case.append(one)
            front.extend(sorted(claims[one].others, key=lambda other: other.value))
        split: dict[int, list[ox.NamedNode]] = {}
        for one in case:
            split.setdefault(sides[one], []).append(one)
        for side in split.values():
            side.sort(key=lambda one: (_worth(claims[one].rank), one.value))
        cases.append(sorted(split.values(), key=lambda side: _worth(claims[side[0]].rank)))
    return cases


def disputes(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What sources disagree on, as JSON.

    The call holds ``languages``, ``skip`` and ``most`` (cases). The answer has the ``cases``, their
    ``count``, ``cut`` and the ``query``. A case has what it is ``about``, as far as its claims
    name a property, the ``properties`` in question, how many sources it lies between (``sources``),
    and its ``sides``: the claims of each, with what each ``says``, the source's own ``words``, its
    ``rank``, ``confidence``, ``basis``, ``reason`` and ``evidence``.
    """
    found = store.once(_disputes)
    words = Words(store, call["languages"])
    store.expect(found.claims)
    shown = found.cases[call["skip"] : call["skip"] + call["most"]]
    queries.write(
        reply,
        {
            "cases": [_case(words, found.claims, case) for case in shown],
            "count": len(found.cases),
            "cut": queries.ROWS if found.cut else 0,
            "query": queries.text(store, queries.DISAGREEMENTS),
        },
    )


def _case(
    words: Words, claims: dict[ox.NamedNode, _Claim], case: Sequence[Sequence[ox.NamedNode]]
) -> dict[str, Any]:
    every = [claims[one] for side in case for one in side]
    sources = {source for claim in every for _, source, _, _ in claim.evidence if source}
    precise = [claim for claim in every if claim.of("property")] or every
    return {
        "about": _distinct(words, (node for claim in precise for node in claim.of("about"))),
        "properties": _distinct(words, (node for claim in every for node in claim.of("property"))),
        "sources": len(sources),
        "sides": [[_claim(words, one, claims[one]) for one in side] for side in case],
    }


def _distinct(words: Words, nodes: Iterable[Any]) -> list[dict[str, Any]]:
    """Links, without those that a reader would see twice."""
    found = queries.links(words, dict.fromkeys(nodes))
    return list({one["label"]["text"]: one for one in found}.values())


def _claim(words: Words, node: ox.NamedNode, claim: _Claim) -> dict[str, Any]:
    return {
        **words.link(node),
        "says": _said(words, claim.literals("says")),
        "words": [words.literal(one) for one in claim.literals("words")],
        "rank": claim.rank,
        "confidence": next(iter(queries.links(words, claim.of("confidence"))), None),
        "basis": next((one.value for one in claim.literals("basis")), ""),
        "reason": words.best(claim.literals("reason")),
        "evidence": [
            {
                "node": words.link(evidence) if isinstance(evidence, ox.NamedNode) else None,
                "source": words.link(source) if isinstance(source, ox.NamedNode) else None,
                "start": _offset(start),
                "end": _offset(end),
            }
            for evidence, source, start, end in claim.evidence
        ],
    }


def _said(words: Words, texts: Sequence[ox.Literal]) -> list[dict[str, str]]:
    """What a claim says; of what is there in several languages, only the one that is read best."""
    spoken = words.best([one for one in texts if one.language])
    told = [{"said": spoken["text"], "language": spoken["language"]}] if spoken else []
    return told + [words.literal(one) for one in texts if not one.language]


def _offset(term: Any) -> int | None:
    text = term.value if isinstance(term, ox.Literal) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


OPERATIONS = {"disputes": disputes}
"""What a worker can do for this page, by name."""
