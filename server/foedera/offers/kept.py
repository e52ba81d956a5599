"""Offers as they are kept, and what becomes of each."""

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
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from foedera import formats, release
from foedera.errors import BadRequest, Conflict, NotFound, NotKept, Unavailable

WAITING, ACCEPTED, REFUSED, WITHDRAWN = "waiting", "accepted", "refused", "withdrawn"
STATES = (WAITING, ACCEPTED, REFUSED, WITHDRAWN)
"""What may have become of an offer."""

PLACE = "data/contributed"
"""Where in a folder the facts of an accepted offer are."""

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

    def as_call(self) -> dict[str, str]:
        """Its text, for a worker."""
        content = base64.b64encode(self.text.read_bytes()).decode()
        return {"content": content, "type": self.media_type}

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
    pieces = (path.split("/") for path in paths if path.startswith(f"{PLACE}/"))
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
                when=now(),
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
        return self._close(name, Decision(REFUSED, now(), who, reason), published)

    def withdraw(self, name: str, published: Collection[str]) -> Decision:
        """Take back an offer that waits. Raises Conflict where it is decided on."""
        return self._close(name, Decision(WITHDRAWN, now()), published)

    def _close(self, name: str, decision: Decision, published: Collection[str]) -> Decision:
        with self.deciding(name) as offer:
            state = offer.became(published).state
            if state == decision.state:
                return offer.became(published)
            if state != WAITING:
                raise decided(offer, state)
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


def decided(offer: Offer, state: str) -> Conflict:
    """What to raise for an offer on which it is too late to decide."""
    return Conflict(f"Contribution {offer.id} is {state} already", "What is decided stays so.")


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def now() -> str:
    """This moment, as xsd:dateTime."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
