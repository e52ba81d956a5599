"""What others offer: kept until somebody decides, and then refused, or a part of the folder.

    STATE/contributions/ID/offer.json     whose it is, when it came, by what licence it may be used
                          /offered.ttl    the text as it was sent, with the ending of its format
                          /report.json    what the check found, as `check.asked.shown` has it
                          /decision.json  what somebody decided
    FOLDER/data/contributed/ID/facts.ttl       of one that was accepted: the same text
                              /provenance.ttl  whose it is, and who let it in

An offer is on the disk, whole, before anybody is told that it is there. A decision to accept is
noted before it is carried out, and holds when the facts are in the folder: they come there with
their provenance by one rename, so that no kill leaves anything to be repaired.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import pyoxigraph as ox

from foedera import folder, formats, release, terms, write
from foedera.check import asked
from foedera.dates import in_words
from foedera.errors import BadRequest, Conflict, NotFound, NotKept, Unavailable
from foedera.languages import Order
from foedera.query.worker import Reply
from foedera.settings import Settings
from foedera.stores.base import Store
from foedera.words import Words, local_name

if TYPE_CHECKING:
    from foedera.check.contribution import Against
    from foedera.check.reading import Document

WAITING, ACCEPTED, REFUSED, WITHDRAWN = "waiting", "accepted", "refused", "withdrawn"
STATES = (WAITING, ACCEPTED, REFUSED, WITHDRAWN)
"""What may have become of an offer."""

SHOWN = 2_000
"""How many facts of an offer are shown to who decides on it; the others are in its text."""

_PLACE = "data/contributed"
_ID = re.compile(r"\d{8}-[0-9a-f]{8}")
_TEXTS = {"contributor": 200, "contact": 200, "source": 1_000, "note": 2_000, "license": 1_000}
"""The longest texts, in characters, of what goes with an offer."""

_LONG_WAIT = 86_400


@dataclass(frozen=True)
class Sender:
    """What goes with an offer. ``contact`` is for who decides on it alone; all else is published
    with what is accepted. ``source`` is a text, or an IRI; ``license`` the IRI of the one by which
    the contributor lets it be used, or "".
    """

    contributor: str
    contact: str = ""
    source: str = ""
    note: str = ""
    license: str = ""

    def __post_init__(self) -> None:
        if not self.contributor.strip():
            raise BadRequest("Nobody is named as the contributor", "Give a name: it is published.")
        for name, most in _TEXTS.items():
            if len(getattr(self, name)) > most:
                raise BadRequest(f"{name} is longer than {most:,} characters", "Say it shorter.")


@dataclass(frozen=True)
class Decision:
    """What became of an offer: one of STATES, when, by whom, and why."""

    state: str
    when: str
    who: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Offer:
    """One offer, as it came. ``release`` is the one that it was checked together with.

    ``key`` is the SHA-256 of what its contributor knows it by, ``client`` a mark of where it came
    from: neither can be read back.
    """

    id: str
    when: str
    sender: Sender
    media_type: str
    sha256: str
    size: int
    triples: int
    release: str
    key: str
    client: str
    place: Path = field(compare=False)

    @property
    def ending(self) -> str:
        return next(one.ending for one in formats.GRAPHS if one.media_type == self.media_type)

    @property
    def text(self) -> Path:
        """The file with the text as it was sent."""
        return self.place / f"offered.{self.ending}"

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = _read(self.place / "report.json")
        return found

    @property
    def noted(self) -> Decision | None:
        """What somebody decided. That it was accepted holds only where its facts are published."""
        try:
            return Decision(**_read(self.place / "decision.json"))
        except FileNotFoundError:
            return None

    def became(self, accepted: Collection[str]) -> Decision:
        """What became of it, where the offers are known of which the facts are published."""
        noted = self.noted
        if self.id in accepted:
            return noted if noted and noted.state == ACCEPTED else Decision(ACCEPTED, self.when)
        return noted if noted and noted.state != ACCEPTED else Decision(WAITING, self.when)


def accepted(paths: Iterable[str]) -> frozenset[str]:
    """The offers whose facts are among the files of a folder, or of a release."""
    pieces = (path.split("/") for path in paths if path.startswith(f"{_PLACE}/"))
    return frozenset(one[2] for one in pieces if len(one) == 4 and _ID.fullmatch(one[2]))


def in_release(what: release.Release) -> frozenset[str]:
    """The offers whose facts are in a release."""
    return accepted(str(file["path"]) for file in what.manifest["files"])


class Offers:
    """All offers of a publication, by the state folder that it has."""

    def __init__(self, state: Path) -> None:
        self._place = state / "contributions"

    def keep(
        self,
        content: bytes,
        sender: Sender,
        checked: Mapping[str, Any],
        client: str = "",
        most: int = 0,
        published: Collection[str] = (),
    ) -> tuple[Offer, str]:
        """Keep an offer that was ``checked`` (`check`): on return it is on the disk. Gives it, and
        what its contributor is to know it by.

        Up to ``most`` offers may wait, of one client a tenth of them; 0 is no limit. Raises
        Unavailable past that, and NotKept where it cannot be written.
        """
        with self._alone() as key:
            mark = hmac.digest(key, client.encode(), "sha256").hex()[:16] if client else ""
            if most:
                self._room(mark, most, published)
            secret = secrets.token_hex(16)
            offer = Offer(
                id=f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(4)}",
                when=_now(),
                sender=sender,
                media_type=checked["media_type"],
                sha256=hashlib.sha256(content).hexdigest(),
                size=len(content),
                triples=checked["triples"],
                release=checked["release"],
                key=_hash(secret),
                client=mark,
                place=self._place,
            )
            told = {name: value for name, value in asdict(offer).items() if name != "place"}
            coming = Path(tempfile.mkdtemp(prefix=".coming-", dir=self._place))
            try:
                release.write_down(coming / offer.text.name, content)
                release.write_down(coming / "report.json", _json(checked["report"]))
                release.write_down(coming / "offer.json", _json(told))
                release.sync_directory(coming)
                coming.rename(self._place / offer.id)
            except BaseException:
                shutil.rmtree(coming, ignore_errors=True)
                raise
            release.sync_directory(self._place)
        return self.get(offer.id), secret

    def _room(self, mark: str, most: int, published: Collection[str]) -> None:
        """Raises Unavailable where too many wait already."""
        waiting = [one for one in self.all() if one.became(published).state == WAITING]
        if len(waiting) >= most:
            raise Unavailable(
                "Too many contributions wait to be looked at",
                "Keep yours, and offer it another day.",
                retry_after=_LONG_WAIT,
            )
        if mark and sum(one.client == mark for one in waiting) >= max(1, most // 10):
            raise Unavailable(
                "Too many contributions of yours wait to be looked at",
                "Offer more when these are decided on.",
                retry_after=_LONG_WAIT,
            )

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bytes]:
        """Be the only one that adds an offer; gives a secret of this place.

        Raises NotKept where it cannot be written.
        """
        try:
            self._place.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self._place / "lock").open("a+b") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                for left in self._place.glob(".coming-*"):  # of one that was killed
                    shutil.rmtree(left, ignore_errors=True)
                lock.seek(0)
                key = lock.read()
                if len(key) < 32:
                    key = secrets.token_bytes(32)
                    lock.truncate(0)
                    lock.write(key)
                    lock.flush()
                yield key
        except OSError as fault:
            raise NotKept(
                f"The contribution cannot be kept: {fault.strerror or fault}",
                "Keep it yourself, and offer it again later.",
            ) from None

    def all(self) -> list[Offer]:
        """All offers, the newest first."""
        names = (path.name for path in self._place.glob("*-*") if _ID.fullmatch(path.name))
        found = [self.get(name) for name in names]
        return sorted(found, key=lambda one: (one.when, one.id), reverse=True)

    def get(self, name: str) -> Offer:
        """An offer by its name. Raises NotFound."""
        place = self._place / name
        try:
            if not _ID.fullmatch(name):
                raise FileNotFoundError
            said = _read(place / "offer.json")
        except FileNotFoundError:
            raise _nothing() from None
        return Offer(**{**said, "sender": Sender(**said["sender"]), "place": place})

    def known(self, name: str) -> Offer:
        """An offer by what its contributor knows it by: its name and its secret. Raises NotFound,
        with the same words whatever is wrong."""
        name, _, secret = name.rpartition("-")
        offer = self.get(name)
        if not hmac.compare_digest(_hash(secret), offer.key):
            raise _nothing()
        return offer

    def refuse(self, name: str, who: str, reason: str, published: Collection[str]) -> Decision:
        """Refuse an offer that waits. Raises NotFound, BadRequest without a reason, Conflict where
        it is decided on."""
        if not reason.strip():
            raise BadRequest("No reason is given", "The contributor is to know why it is refused.")
        return self._close(name, Decision(REFUSED, _now(), who, reason), published)

    def withdraw(self, name: str, published: Collection[str]) -> Decision:
        """Take back an offer that waits. Raises Conflict where it is decided on."""
        return self._close(name, Decision(WITHDRAWN, _now()), published)

    def _close(self, name: str, decision: Decision, published: Collection[str]) -> Decision:
        with self.deciding(name) as offer:
            state = offer.became(published).state
            if state == decision.state:
                return offer.became(published)
            if state != WAITING:
                raise _decided(offer, state)
            note(offer, decision)
        return decision

    @contextlib.contextmanager
    def deciding(self, name: str) -> Iterator[Offer]:
        """Be the only one that decides on an offer. Raises NotFound, Conflict."""
        offer = self.get(name)
        handle = os.open(offer.place, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    f"Contribution {name} is being decided on at this moment", "Look again soon."
                ) from None
            yield offer
        finally:
            os.close(handle)


def note(offer: Offer, decision: Decision) -> None:
    """Write down what somebody decided: on return it is on the disk. Raises NotKept."""
    fresh = offer.place / ".decision.json"
    try:
        release.write_down(fresh, _json(asdict(decision)))
        fresh.replace(offer.place / "decision.json")
        release.sync_directory(offer.place)
    except OSError as fault:
        raise NotKept(
            f"The decision cannot be kept: {fault.strerror or fault}", "Nothing was decided."
        ) from None


def _nothing() -> NotFound:
    return NotFound("There is no such contribution", "Its address is told when it is offered.")


def _decided(offer: Offer, state: str) -> Conflict:
    return Conflict(f"Contribution {offer.id} is {state} already", "What is decided stays so.")


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


# Accepting


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
                raise _decided(offer, became.state)
            decision = Decision(ACCEPTED, _now(), who, reason)
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
    return f"{_PLACE}/{offer.id}/facts.{offer.ending}"


def _draft(offer: Offer, decision: Decision, base: str) -> release.Draft:
    content = offer.text.read_bytes()
    if hashlib.sha256(content).hexdigest() != offer.sha256:
        raise NotKept(
            f"The text of contribution {offer.id} is not what was offered",
            "Somebody changed it, or the disk is damaged: it cannot be accepted.",
        )
    graph = folder.File(offer.text, _facts(offer), offer.sha256, offer.size).graph(base)
    return release.Draft(
        f"{_PLACE}/{offer.id}",
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


# In a worker: what strangers wrote is read nowhere else


def check(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What is to be known of a text before it is kept: its ``media_type``, ``triples``,
    ``release``, whether it is ``readable``, and its ``report``.

    Raises BadRequest for what reads well and could not be accepted as it is; and what
    `asked.judge` raises.
    """
    from foedera.check import contribution

    until = time.monotonic() + call["seconds"]
    against = store.once(asked.published)
    (document,) = asked.read([call["document"]])
    report = contribution.judge(
        [document], against, seconds=until - time.monotonic(), memory=call["memory"]
    )
    bad = any(one.kind == "syntax" and one.severity == "violation" for one in document.findings)
    if not bad:
        _must_fit(document, base64.b64decode(call["document"]["content"]))
    reply.head({})
    told = {
        "media_type": document.format,
        "triples": len(set(document.triples)),
        "release": against.rules.release,
        "readable": not bad,
        "report": asked.shown(report, [document], against),
    }
    reply.write(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"))


def _must_fit(document: Document, content: bytes) -> None:
    """Raises BadRequest for a text that, as a file of the folder, would say something else than
    what is looked at before."""
    if not document.statements:
        raise BadRequest("There are no facts in it", "Offer at least one triple.")
    for one in document.statements:
        if one.graph is not None:
            raise BadRequest(
                f"Line {one.subject.line} names a graph: {one.graph}",
                "Leave it out: what you offer is given a graph of its own.",
            )
        if f"<{asked.BASE}" in str(one.triple):
            raise BadRequest(
                f"An IRI in line {one.subject.line} is not whole",
                "Write it with https:// and all that follows, or with a prefix.",
            )
    try:
        said = set(_parsed(content, document.format))
    except (SyntaxError, ValueError) as fault:
        raise BadRequest(
            f"It does not parse: {fault}", "Write it in UTF-8, without marks."
        ) from None
    if len(said) != len(set(document.triples)):
        raise BadRequest("It can be read in two ways", "Offer it as N-Triples.")


def _parsed(content: bytes, media_type: str) -> Iterator[ox.Triple]:
    """The triples of a text, by the parser that reads the folder."""
    engine = next(one.engine for one in formats.GRAPHS if one.media_type == media_type)
    parser = ox.parse(content, format=getattr(ox.RdfFormat, engine), base_iri=asked.BASE)
    return (quad.triple for quad in parser)


def difference(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What an offer would change, for who decides on it, in the words of ``languages``.

    ``triples`` of it, how many of them are ``there`` already, the ``new`` things that it speaks of
    first, and of each of its ``things`` the facts. A fact has its property, and values that are
    ``new`` or there; beside them what is published of the same (``others``), and whether there
    may be only one of these (``conflict``).
    """
    languages: Sequence[str] = call["languages"]
    against = store.once(asked.published)
    triples = list(dict.fromkeys(_parsed(base64.b64decode(call["content"]), call["type"])))
    told = _Difference(triples, against, Words(store, languages), Order(languages)).told()
    reply.head({})
    reply.write(json.dumps(told, ensure_ascii=False).encode("utf-8", "replace"))


OPERATIONS = {"offer": check, "difference": difference}
"""What a worker does of this, by name."""


class _Difference:
    """The facts of an offer beside those that are published."""

    def __init__(
        self, triples: Sequence[ox.Triple], against: Against, words: Words, order: Order
    ) -> None:
        assert against.base is not None
        self._triples = triples
        self._words = words
        self._order = order
        self._base = against.base
        self._single = _single(against)
        named = [one for one in dict.fromkeys(t.subject for t in triples) if _is_iri(one)]
        self._said: dict[Any, list[ox.Triple]] = {}
        for triple in sorted(self._base.out(named), key=str):
            self._said.setdefault(triple.subject, []).append(triple)
        iris = {node.value for triple in triples for node in triple if _is_iri(node)}
        iris |= {t.object.value for of in self._said.values() for t in of if _is_iri(t.object)}
        self._known = self._base.known(iris)
        self._names = self._base.labels(iris)
        for triple in triples:
            if triple.predicate.value in terms.LABELS and isinstance(triple.object, ox.Literal):
                names = self._names.setdefault(str(getattr(triple.subject, "value", "")), {})
                names.setdefault(triple.object.language or "", triple.object.value)
        self._of: dict[Any, list[ox.Triple]] = {}
        for triple in triples:
            self._of.setdefault(triple.subject, []).append(triple)
        self._left = SHOWN
        self._told: set[Any] = set()

    def told(self) -> dict[str, Any]:
        there = sum(self._there(triple) for triple in self._triples)
        held = {t.object for t in self._triples if isinstance(t.object, ox.BlankNode)}
        first = [node for node in self._of if node not in held]
        things = [self._thing(node) for node in first if self._left > 0]
        things += [self._thing(node) for node in self._of if node not in self._told and self._left]
        new = [node.value for node in self._of if _is_iri(node) and node.value not in self._known]
        return {
            "triples": len(self._triples),
            "there": there,
            "new": len(new),
            "shown": SHOWN - self._left,
            "things": things,
        }

    def _there(self, triple: ox.Triple) -> bool:
        return self._base.kept(triple) in self._said.get(triple.subject, ())

    def _thing(self, node: Any) -> dict[str, Any]:
        self._told.add(node)
        return {**self._named(node), "facts": self._facts(node)}

    def _named(self, node: Any) -> dict[str, Any]:
        """A thing by its name; a blank node has none."""
        if not _is_iri(node):
            return {"iri": "", "name": {"text": "", "language": ""}, "known": False}
        names = self._names.get(node.value)
        best = min(names, key=self._order.rank) if names else ""
        text = names[best] if names else local_name(node.value)
        name = {"text": text, "language": best}
        return {"iri": node.value, "name": name, "known": node.value in self._known}

    def _facts(self, node: Any) -> list[dict[str, Any]]:
        by_property: dict[ox.NamedNode, list[ox.Triple]] = {}
        for triple in self._of.get(node, ()):
            by_property.setdefault(triple.predicate, []).append(triple)
        return [self._fact(node, *one) for one in by_property.items() if self._left > 0]

    def _fact(
        self, node: Any, predicate: ox.NamedNode, triples: Sequence[ox.Triple]
    ) -> dict[str, Any]:
        shown = triples[: self._left]
        self._left -= len(shown)
        own = {self._base.kept(triple).object for triple in triples}
        others = [
            triple.object
            for triple in self._said.get(node, ())
            if triple.predicate == predicate and triple.object not in own
        ]
        new = [triple.object for triple in triples if not self._there(triple)]
        return {
            "property": self._named(predicate),
            "values": [{**self._value(t.object), "new": not self._there(t)} for t in shown],
            "others": [self._value(value) for value in others[:_OTHERS]],
            "more": max(0, len(others) - _OTHERS),
            "conflict": any(self._excludes(predicate, *two) for two in _pairs(new, others)),
        }

    def _excludes(self, predicate: ox.NamedNode, one: Any, other: Any) -> bool:
        """Whether a thing can hardly have both values of a property."""
        kind = self._single.get(predicate)
        tags = [getattr(node, "language", None) for node in (one, other)]
        return kind == "all" or (kind == "language" and tags[0] == tags[1] != None)  # noqa: E711

    def _value(self, node: Any) -> dict[str, Any]:
        if isinstance(node, ox.Literal):
            return {"kind": "text", **self._words.literal(node)}
        if _is_iri(node):
            return {"kind": "link", **self._named(node)}
        if isinstance(node, ox.Triple):
            return {"kind": "text", "text": str(node), "said": str(node), "language": "", "tag": ""}
        if node in self._told or node not in self._of:
            return {"kind": "unnamed", "facts": []}
        self._told.add(node)
        return {"kind": "unnamed", "facts": self._facts(node)}


_OTHERS = 5
"""How many published values are shown beside those of an offer."""


def _is_iri(node: Any) -> TypeGuard[ox.NamedNode]:
    return isinstance(node, ox.NamedNode)


def _pairs(ones: Sequence[Any], others: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    return ((one, other) for one in ones for other in others)


def _single(against: Against) -> dict[Any, str]:
    """The properties of which a thing has one value at most, of all or of each language, as far as
    the ontology and the shapes say so plainly."""
    limits: dict[Any, str] = {}
    paths: dict[Any, Any] = {}
    for triple in against.rules.shapes:
        kind, value = triple.predicate.value, getattr(triple.object, "value", "")
        if kind == terms.SH + "path" and _is_iri(triple.object):
            paths[triple.subject] = triple.object
        elif kind == terms.SH + "maxCount" and value == "1":
            limits[triple.subject] = "all"
        elif kind == terms.SH + "uniqueLang" and value in ("true", "1"):
            limits.setdefault(triple.subject, "language")
    found: dict[Any, str] = {paths[shape]: kind for shape, kind in limits.items() if shape in paths}
    functional = ox.NamedNode(terms.OWL + "FunctionalProperty")
    for triple in against.rules.ontology:
        if triple.predicate.value == terms.TYPE and triple.object == functional:
            found[triple.subject] = "all"
    return found
