"""Prints how much of the proof of the dataset holds, as a table; exit status 1 if not all does.

Each number is what holds and of how many: facts said (for an absence: not said), conflicts and
ambiguities as they are to be handled, questions answered, stretches of text as the texts have them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

import pyoxigraph as ox

import facts
import test_competency
import test_facts
from foedera import evidence
from test_competency import Question

Score = tuple[int, int]


def holds(fact: facts.Fact) -> bool:
    """Whether the data says a fact, or does not say what the text does not."""
    data = facts.load()
    if fact.basis == "absence":
        return not data.ask(fact.never)
    return not facts.lacking(fact, data.said)


def answered(question: Question) -> bool:
    """Whether a question's example query gives its answer."""
    query, _ = test_competency.examples()[question.query]
    found = facts.load().everything.query(query)
    assert isinstance(found, ox.QuerySolutions)
    names = [variable.value for variable in found.variables]
    rows = question.of([{name: facts.text(row[name]) for name in names} for row in found])
    return rows == question.rows if question.in_order else sorted(rows) == sorted(question.rows)


def passes(test: Callable[[str], None], names: Iterable[str]) -> Score:
    """How many of the names a test passes for."""
    results = []
    for name in names:
        try:
            test(name)
        except AssertionError:
            results.append(False)
        else:
            results.append(True)
    return score(results)


def score(results: Iterable[bool]) -> Score:
    """How many of so many."""
    kept = list(results)
    return sum(kept), len(kept)


def fact_rows() -> list[list[Score | str]]:
    """Facts by kind and by source."""
    kept = {fact: holds(fact) for fact in facts.read()}
    sources = list(dict.fromkeys(fact.source for fact in kept))
    kinds = list(dict.fromkeys(fact.kind for fact in kept))

    def row(name: str, *chosen: str) -> list[Score | str]:
        cells = [
            score(ok for fact, ok in kept.items() if fact.source in group and fact.kind in chosen)
            for group in (*([source] for source in sources), sources)
        ]
        return [name, *(cell if cell[1] else "-" for cell in cells)]

    rows = [row(kind, kind) for kind in kinds]
    return [["facts", *sources, "all"], *rows, row("all", *kinds)]


def other_rows() -> list[list[Score | str]]:
    """What else is proved."""
    data = facts.load()
    conflicts = passes(
        test_facts.test_both_sides_of_a_conflict_stand_side_by_side_with_rank_and_reason,
        test_facts.CONFLICTS,
    )
    ambiguities = passes(
        test_facts.test_an_ambiguity_is_handled_without_guessing, test_facts.AMBIGUITIES
    )
    links = test_facts.links()
    safe = (len(links & test_facts.LINKS), len(links | test_facts.LINKS))
    questions = score(answered(question) for question in test_competency.QUESTIONS)
    further = score(
        sorted(name for (name,) in data.select(test_competency.asked(query))) == names
        for query, names in test_competency.FURTHER.values()
    )
    stretches: Score | str = "not run: the source texts are not at hand"
    if (facts.SHARED / "sources").is_dir():
        count = evidence.count(data.parsed)
        wrong = evidence.verify(data.parsed, facts.SHARED / "sources")
        stretches = (count - len({finding.focus for finding in wrong}), count)
    return [
        ["conflicts kept side by side", conflicts],
        ["ambiguities left open", ambiguities],
        ["links out that are safe", safe],
        ["questions of the list answered", questions],
        ["further questions answered", further],
        ["stretches of text as they stand", stretches],
    ]


def main() -> int:
    """Print the tables; tell whether all of it holds."""
    tables = [fact_rows(), other_rows()]
    for rows in tables:
        lines = [
            [cell if isinstance(cell, str) else "{}/{}".format(*cell) for cell in row]
            for row in rows
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for first, *rest in lines:
            cells = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
            print("  ".join((first.ljust(widths[0]), *cells)))
        print()
    scores = [cell for rows in tables for row in rows for cell in row if isinstance(cell, tuple)]
    return int(any(kept != of for kept, of in scores))


if __name__ == "__main__":
    sys.exit(main())
