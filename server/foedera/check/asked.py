"""A check that was asked for over HTTP, in a worker that may be killed: texts in, a report out.

What strangers send is read nowhere else. What a check needs of the release is read once in each
worker, before its first call.
"""

from __future__ import annotations

import base64
import json
import signal
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from foedera import terms
from foedera.check import rules
from foedera.check.findings import Finding, Report
from foedera.errors import BadRequest, CouldNotCheck
from foedera.query import worker
from foedera.stores.base import Store

if TYPE_CHECKING:
    from foedera.check.contribution import Against
    from foedera.check.reading import Document

SHOWN = 300
"""The most findings that a page shows; the others are in the files that it offers."""

BASE = "https://upload.invalid/"
"""What an IRI without a scheme is resolved with: no thing of anybody's can be meant by accident."""

_AROUND, _MARKED = 60, 160
"""The longest stretches of a line that an excerpt has on each side of its mark, and in it."""


_CORE = """
    NodeShape PropertyShape PropertyGroup targetClass targetNode targetObjectsOf targetSubjectsOf
    path inversePath alternativePath zeroOrMorePath oneOrMorePath zeroOrOnePath class datatype
    nodeKind minCount maxCount minExclusive minInclusive maxExclusive maxInclusive minLength
    maxLength pattern flags languageIn uniqueLang equals disjoint lessThan lessThanOrEquals not and
    or xone node property qualifiedValueShape qualifiedMinCount qualifiedMaxCount
    qualifiedValueShapesDisjoint closed ignoredProperties hasValue in name description order group
    defaultValue message severity deactivated Violation Warning Info IRI BlankNode Literal
    BlankNodeOrIRI BlankNodeOrLiteral IRIOrLiteral
"""
"""What shapes of strangers may be written with: SHACL Core, in which nothing is a program."""


def prepare(store: Store) -> None:
    """Read what every check needs: the rules of the release, and the engine that runs them.

    Not before a worker is wanted: pySHACL takes its second to be read, and nobody else needs it.
    """
    from foedera.check import engines

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # an engine is a child, and is waited for
    against = store.once(published)
    against.shapes, against.vocabulary, against.ontology  # noqa: B018
    engine, _ = engines.best(against.rules.shapes, ())
    # The children find it read. Only this one: what has threads of its own must not run before a
    # fork, after which they are gone and waited for.
    if isinstance(engine, engines.PySHACL):
        engine.run((), ())


def judge(store: Store, call: dict[str, Any], reply: worker.Reply) -> None:
    """The report on ``documents`` (each a name, a media type or "", and bytes in base64).

    It comes in a ``format`` of `reports`, or as what a page shows ("html"). Where there are
    ``shapes``, it is by these, and not by those of the publication. Raises BadRequest for shapes
    that are none of SHACL Core, TooLarge, TimedOut, EngineFailed, CouldNotCheck.
    """
    from foedera.check import contribution

    until = time.monotonic() + call["seconds"]
    against = store.once(published)
    if call["alone"]:
        against = against.alone()
    if call["shapes"]:
        asked = replace(against.rules, shapes=_core(read(call["shapes"])), hygiene={})
        against = contribution.Against(asked, against.base)
    documents = read(call["documents"])
    report = contribution.judge(
        documents, against, seconds=until - time.monotonic(), memory=call["memory"]
    )
    if _of_shacl(triple for one in documents for triple in one.triples):
        report = report.plus((), ["The shapes in what was sent are data like any other: not run"])
    reply.head({"conforms": report.conforms})
    if call["format"] == "html":
        text = json.dumps(shown(report, documents, against), ensure_ascii=False)
    else:
        from foedera.check import reports

        told = (report, documents, call["format"], call["language"])
        text = reports.write(*told, codes_at=call["codes"])
    reply.write(text.encode("utf-8", "replace"))


OPERATIONS = {"judge": judge}


def published(store: Store) -> Against:
    """A release as what is judged against, for `Store.once`. Raises CouldNotCheck."""
    from foedera.check import contribution

    try:
        asked = rules.kept(store.folder / "rules")
    except OSError:
        raise CouldNotCheck(
            "The release that is served does not say what contributions are judged by",
            "It was published by an older version of the program: publish again.",
        ) from None
    return contribution.of_release(asked, store)


def read(sent: Sequence[dict[str, str]]) -> list[Document]:
    """The texts of a call. Raises TooLarge, UnsupportedMedia."""
    from foedera.check import reading

    return [
        reading.read(one["name"], base64.b64decode(one["content"]), one["type"], BASE)
        for one in sent
    ]


def _core(documents: Sequence[Document]) -> tuple[ox.Triple, ...]:
    """The triples of a stranger's shapes. Raises BadRequest where they do not parse, or are more
    than SHACL Core."""
    for one in documents:
        for finding in one.findings:
            if finding.kind == "syntax":
                raise BadRequest(f"The shapes do not parse: {finding}")
    triples = tuple(triple for one in documents for triple in one.triples)
    more = sorted(_of_shacl(triples) - {terms.SH + name for name in _CORE.split()})
    if more:
        raise BadRequest(
            f"The shapes use {', '.join(f'<{iri}>' for iri in more[:5])}",
            "Shapes of your own are run where they are of SHACL Core.",
        )
    return triples


def _of_shacl(triples: Iterable[ox.Triple]) -> set[str]:
    """The IRIs of SHACL in some triples."""
    found = {term.value for triple in triples for term in triple if isinstance(term, ox.NamedNode)}
    return {iri for iri in found if iri.startswith(terms.SH)}


def shown(report: Report, documents: Sequence[Document], against: Against) -> dict[str, Any]:
    """What a page shows of a report, as JSON."""
    kinds: dict[tuple[str, str, str, str], list[Finding]] = {}
    for one in report.findings:
        kind = (one.standing or "introduced", one.severity, one.code, one.rule)
        kinds.setdefault(kind, []).append(one)
    most = _share([len(of) for of in kinds.values()])
    told = [one for of in kinds.values() for one in of[:most]]
    lines = {one.name: one.text.split("\n") for one in documents}
    iris = {iri for one in told for iri in (one.focus, one.term.strip("<>")) if ":" in iri}
    return {
        "conforms": report.conforms,
        "files": [one.name for one in documents],
        "triples": report.triples,
        "shapes": report.shapes,
        "engine": report.engine,
        "against": report.against,
        "notes": list(report.skipped),
        "kinds": [[*kind, len(of)] for kind, of in kinds.items()],
        "known": sorted(against.base.known(iris)) if against.base else [],
        "findings": [vars(one) | {"excerpt": _excerpt(one, lines)} for one in told],
    }


def _share(counts: Sequence[int]) -> int:
    """How many of each kind a page shows, so that it has some of all."""
    shares = range(SHOWN, 1, -1)
    return next((one for one in shares if sum(min(one, n) for n in counts) <= SHOWN), 1)


def _excerpt(found: Finding, lines: dict[str, list[str]]) -> dict[str, str] | None:
    """The line of a finding: what stands before its spot, the spot, and what stands behind it, each
    cut where it is long. None where no line is known."""
    there = lines.get(found.file, [])
    if not 0 < found.line <= len(there):
        return None
    line = there[found.line - 1].rstrip("\r")
    begin = max(found.column - 1, 0)
    known = found.column and found.end_line == found.line
    end = max(found.end_column - 1, begin + 1) if known else len(line)
    before, marked, after = line[:begin], line[begin:end], line[end:]
    return {
        "before": before if len(before) <= _AROUND else f"…{before[-_AROUND:]}",
        "marked": marked if len(marked) <= _MARKED else f"{marked[:_MARKED]}…",
        "after": after if len(after) <= _AROUND else f"{after[:_AROUND]}…",
    }
