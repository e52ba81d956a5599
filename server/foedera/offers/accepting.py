"""An offer that is accepted: a part of the folder, with its provenance, and a release."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedera import folder, release, terms, write
from foedera.dates import in_words
from foedera.errors import NotKept
from foedera.offers.kept import (
    ACCEPTED,
    PLACE,
    WAITING,
    Decision,
    Offer,
    Offers,
    accepted,
    decided,
    note,
    now,
)
from foedera.settings import Settings


def accept(
    root: Path,
    state: Path,
    settings: Settings,
    name: str,
    who: str,
    reason: str,
    say: write.Say,
) -> dict[str, Any]:
    """Make an offer a part of the folder, and a release of it; which, and the files' place.

    What is accepted already is accepted once. Whenever this is killed, the offer is there, and
    waits, or is accepted. Raises NotFound, Conflict, Nonconforming where with it the publication
    does not conform any more, and what `write.revise` raises.
    """
    with Offers(state).deciding(name) as offer:

        def revision(source: folder.Folder, _: release.Release) -> release.Draft | None:
            here = accepted(file.path for file in source.files)
            became = offer.became(here)
            if became.state == ACCEPTED:
                return None
            if became.state != WAITING:
                raise decided(offer, became.state)
            decision = Decision(ACCEPTED, now(), who, reason)
            note(offer, decision)
            return _draft(offer, decision, source.publication.base)

        made = write.revise(root, state, settings, revision, say)
    return {"id": offer.id, "release": made.id, "file": _facts(offer)}


def _accept(
    root: Path, state: Path, settings: Settings, content: dict[str, Any], say: write.Say
) -> dict[str, Any]:
    asked_for = (content["id"], content["who"], content["reason"])
    return accept(root, state, settings, *asked_for, say)


ORDERS = {"accept": _accept}
"""What the writer of a site does of this, by name."""


def _facts(offer: Offer) -> str:
    return f"{PLACE}/{offer.id}/facts.{offer.ending}"


def _draft(offer: Offer, decision: Decision, base: str) -> release.Draft:
    content = offer.text.read_bytes()
    if hashlib.sha256(content).hexdigest() != offer.sha256:
        raise NotKept(
            f"The text of contribution {offer.id} is not what was offered",
            "Somebody changed it, or the disk is damaged: it cannot be accepted.",
        )
    graph = folder.File(offer.text, _facts(offer), offer.sha256, offer.size).graph(base)
    return release.Draft(
        f"{PLACE}/{offer.id}",
        {f"facts.{offer.ending}": content, "provenance.ttl": _provenance(offer, decision, graph)},
    )


def _provenance(offer: Offer, decision: Decision, graph: ox.NamedNode) -> bytes:
    """Whose the facts of a graph are and who let them in, by PROV-O.

    An acceptance has only its end: nothing is known of its begin, and pages would take it for an
    event of the publication. Persons are nodes without an IRI: a name is all that is known of them.
    """
    sender = offer.sender
    blocks = [
        _block(
            str(graph),
            ("a", "prov:Entity"),
            *(("rdfs:label", text) for text in _titles(offer)),
            ("dcterms:license", _node(sender.license)),
            ("dcterms:source", _node(sender.source)),
            ("prov:wasAttributedTo", "_:contributor"),
            ("prov:wasGeneratedBy", "_:acceptance"),
        ),
        _block("_:contributor", ("a", "prov:Agent"), ("foaf:name", _text(sender.contributor))),
        _block(
            "_:acceptance",
            ("a", "prov:Activity"),
            ("rdfs:comment", _text(decision.reason)),
            ("prov:used", "_:offer"),
            ("prov:wasAssociatedWith", "_:reviewer" if decision.who else ""),
            ("prov:endedAtTime", _moment(decision.when)),
        ),
        _block(
            "_:offer",
            ("a", "prov:Entity"),
            ("dcterms:identifier", _text(offer.id)),
            ("dcterms:identifier", _text(f"sha256:{offer.sha256}")),
            ("dcterms:description", _text(sender.note)),
            ("prov:generatedAtTime", _moment(offer.when)),
            ("prov:wasAttributedTo", "_:contributor"),
        ),
    ]
    if decision.who:
        who = _text(decision.who)
        blocks.append(_block("_:reviewer", ("a", "prov:Agent"), ("foaf:name", who)))
    used = ("dcterms", "foaf", "prov", "rdfs", "xsd")
    prefixes = [f"@prefix {name}: <{terms.PREFIXES[name]}> ." for name in used]
    head = "# Whose the facts beside this file are, and how they came here."
    return ("\n\n".join([head, "\n".join(prefixes), *blocks]) + "\n").encode()


def _block(subject: str, *facts: tuple[str, str]) -> str:
    """What is said of a thing, in Turtle; what has no value is left out."""
    lines = " ;\n    ".join(f"{name} {value}" for name, value in facts if value)
    return f"{subject} {lines} ."


def _titles(offer: Offer) -> list[str]:
    words = {"en": "Contribution of {}, {}", "it": "Contributo di {}, {}", "ja": "{}による提供、{}"}
    day = offer.when.partition("T")[0]
    return [
        str(ox.Literal(text.format(offer.sender.contributor, in_words(day, tag)), language=tag))
        for tag, text in words.items()
    ]


def _node(text: str) -> str:
    """A text as an IRI where it is one that leads somewhere, or else as a text."""
    if re.match("https?://", text):
        with contextlib.suppress(ValueError):
            return str(ox.NamedNode(text))
    return _text(text)


def _text(text: str) -> str:
    return str(ox.Literal(text)) if text.strip() else ""


def _moment(text: str) -> str:
    return f'"{text}"^^xsd:dateTime'
