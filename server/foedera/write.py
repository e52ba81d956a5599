"""Writing to a publication: a change becomes a file of the folder and a release, or is refused.

What a request would change is found out in a child that can be killed, without a network, in a
bounded time and memory. The site's writer is one process, so that changes come one after the
other; it has the slow libraries loaded, and forks a child for each.
"""

from __future__ import annotations

import base64
import functools
import hmac
import json
import os
import select
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedera import edit, folder, patch, release
from foedera.edit import Request
from foedera.errors import (
    CouldNotCheck,
    EngineFailed,
    FoederaError,
    Nonconforming,
    NotAPublication,
    NotKept,
    Overtaken,
    TimedOut,
    Unavailable,
)
from foedera.query import apart, nursery, wire
from foedera.query.apart import Bounds
from foedera.settings import Settings
from foedera.terms import XSD

Say = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """A request to write, with what goes with it.

    ``who`` is kept with the change. ``expected`` is the release that the client knows, or "";
    ``present`` says that the graph must be there, or must not be, or (None) may.
    """

    request: Request
    who: str = ""
    expected: str = ""
    present: bool | None = None

    def packed(self) -> dict[str, Any]:
        """The order as JSON can hold it."""
        parts = [(kind, base64.b64encode(body).decode()) for kind, body in self.request.parts]
        return {**asdict(self), "request": {**asdict(self.request), "parts": parts}}

    @classmethod
    def unpacked(cls, content: dict[str, Any]) -> Order:
        parts = [(kind, base64.b64decode(body)) for kind, body in content["request"]["parts"]]
        return cls(**{**content, "request": Request(**{**content["request"], "parts": parts})})


@dataclass(frozen=True)
class Done:
    """What became of it: the release that has it, and its file, or "" where nothing changed."""

    release: str
    change: str
    removed: int
    added: int
    created: bool
    notes: Sequence[str] = ()


def apply(root: Path, state: Path, settings: Settings, order: Order, say: Say) -> Done:
    """Do what is asked; when this returns, it is on the disk.

    Raises Nonconforming with the findings when it does not conform, and then nothing changes;
    what `edit.edit` and `release.revise` raise; TimedOut and EngineFailed where it takes too much.
    """
    found: dict[str, Any] = {}

    def revision(source: folder.Folder, present: release.Release) -> release.Draft | None:
        if order.expected and order.expected != present.id:
            raise Overtaken(
                f"You know release {order.expected}, and the present one is {present.id}",
                "Read again what you want to change, and then write.",
            )
        bounds = Bounds(
            settings.query_seconds + present.quads / _QUADS_A_SECOND,
            settings.query_memory * 1_000_000 + present.quads * _BYTES_A_QUAD,
        )
        found.update(_apart(lambda: _found(source, present, settings, order), bounds))
        content = base64.b64decode(found["patch"])
        return release.Draft(release.next_change(source), {"": content}) if content else None

    made = revise(root, state, settings, revision, say)
    name = found["patch"] and _last_change(made)
    return Done(made.id, name, found["removed"], found["added"], found["created"], found["notes"])


def revise(
    root: Path, state: Path, settings: Settings, revision: release.Revision, say: Say
) -> release.Release:
    """`release.revise`, for somebody who asks over HTTP: what is of this machine goes to its log.

    Raises Nonconforming with the findings, and NotKept, Conflict, Unavailable.
    """
    try:
        to = release.carry(settings)
        return release.revise(root, state, settings.keep, say, revision, to)
    except release.Findings as stopped:
        raise _refused(stopped) from None
    except NotAPublication as stopped:
        say(str(stopped))
        raise NotKept("A release cannot be written", "The log of the server says why.") from None
    except CouldNotCheck as stopped:
        say(str(stopped))
        raise Unavailable(
            "The change could not be checked", "The log of the server says why.", retry_after=5
        ) from None


def _last_change(made: release.Release) -> str:
    paths = [str(file["path"]) for file in made.manifest["files"]]
    return max(path for path in paths if path.startswith(f"{folder.CHANGES}/"))


def _refused(stopped: release.Findings) -> Nonconforming:
    report = stopped.report
    kept = report.findings[:_MOST_FINDINGS]
    more, count = len(report.findings) - len(kept), report.count("violation")
    return Nonconforming(
        f"With this change, {count:,} thing{'s' if count > 1 else ''} would have to be mended",
        "Nothing was changed." + (f" {more:,} more findings are not shown." if more else ""),
        findings=[
            {
                "severity": finding.severity,
                "message": finding.message(),
                "focus": finding.focus,
                "path": finding.path,
                "value": finding.value,
                "file": finding.file,
                "line": finding.line,
            }
            for finding in kept
        ],
    )


_MOST_FINDINGS = 100


def _found(
    source: folder.Folder, present: release.Release, settings: Settings, order: Order
) -> dict[str, Any]:
    """The patch that does what is asked, and what to tell of it."""
    if order.present is not None:
        _must_be(present, order)
    limits = edit.Limits(settings.query_nesting, settings.write_triples)
    changes = edit.edit(source, present, order.request, limits)
    if not (changes.removed or changes.added):
        content = b""
    else:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        header = {
            "id": ox.NamedNode(uuid.uuid4().urn),
            "time": ox.Literal(now, datatype=ox.NamedNode(XSD + "dateTime")),
        }
        if order.who:
            header["who"] = ox.Literal(order.who)
        content = patch.text(header, changes.removed, changes.added)
    return {
        "patch": base64.b64encode(content).decode(),
        "removed": len(changes.removed),
        "added": len(changes.added),
        "created": changes.created,
        "notes": changes.notes,
    }


def _must_be(present: release.Release, order: Order) -> None:
    """If-Match and If-None-Match with a star (RFC 9110, section 13.1)."""
    graphs = json.loads((present.path / "numbers.json").read_text(encoding="utf-8"))["graphs"]
    graph = order.request.graph
    if (graph is None or graph in graphs) != order.present:
        there = "there already" if order.present is False else "not there"
        raise Overtaken(f"The graph {graph or 'by default'} is {there}")


_QUADS_A_SECOND = 30_000
_BYTES_A_QUAD = 2_500
"""What the copy takes, measured on a busy machine, and doubled."""


def _apart(work: Callable[[], dict[str, Any]], bounds: Bounds) -> dict[str, Any]:
    """Find out a change in a child. Raises what it raises; TimedOut, or EngineFailed when it ends
    by itself."""
    try:
        return apart.apart(work, bounds)
    except TimeoutError:
        raise TimedOut(
            f"The update ran for longer than {bounds.seconds:.1f} seconds",
            "Nothing was changed. Change less at once, or bind more of the pattern.",
        ) from None
    except EOFError:
        raise EngineFailed(
            "The update ended its process: it needs more memory than it may take "
            f"({bounds.memory // 1_000_000:,} MB), or nests too deep for the engine",
            "Nothing was changed. Change less at once.",
        ) from None


# The writer of a site


def authorised(settings: Settings, header: str) -> bool:
    """Whether the value of an Authorization header is the token with which one writes."""
    return bears(header, settings.write_token)


def bears(header: str, token: str) -> bool:
    """Whether the value of an Authorization header is a token, which must not be ""; compared in
    constant time."""
    scheme, _, given = header.partition(" ")
    return scheme.lower() == "bearer" and same(given.strip(), token)


def same(given: str, token: str) -> bool:
    """Whether what is given is a token, which must not be ""; compared in constant time."""
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


Work = Callable[[Path, Path, Settings, dict[str, Any], Say], dict[str, Any]]
"""What a writer can do: to a folder with its state, as an order in JSON says; what became of it."""


def _apply(
    root: Path, state: Path, settings: Settings, content: dict[str, Any], say: Say
) -> dict[str, Any]:
    return asdict(apply(root, state, settings, Order.unpacked(content), say))


ORDERS: Mapping[str, Work] = {"apply": _apply}
"""What can be ordered here, by name."""


def serve(
    control: socket.socket,
    root: Path,
    state: Path,
    settings: Settings,
    say: Say,
    orders: Mapping[str, Work] = ORDERS,
) -> None:
    """Write what the HTTP processes ask for, one after the other; ends with ``control``.

    On it come their connections, one file descriptor each; on such a connection comes an order,
    of a kind that is in ``orders``, and goes back what became of it.
    """
    nursery.die_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import pyshacl  # noqa: F401  a second that each change would wait for
    import rdflib  # noqa: F401
    import reasonable  # noqa: F401

    clients: dict[int, tuple[socket.socket, wire.Reader]] = {}
    while True:
        for one in select.select([control.fileno(), *clients], [], [])[0]:
            if one == control.fileno():
                message, descriptors, _, _ = socket.recv_fds(control, 64, 4)
                if not message:
                    return
                for descriptor in descriptors:
                    client = socket.socket(fileno=descriptor)
                    clients[descriptor] = (client, wire.Reader(client))
                continue
            client, reader = clients[one]
            try:
                there = reader.fill()
                while there and reader.buffered():
                    kind, content = json.loads(reader.take()[1])
                    work = functools.partial(orders[kind], root, state, settings, content, say)
                    told = _done_apart(work, control)
                    wire.send_json(client, wire.END, told)
                    control.sendall(b"done")
            except OSError:
                there = False
            if not there:
                clients.pop(one)
                client.close()


def _done_apart(work: Callable[[], dict[str, Any]], control: socket.socket) -> dict[str, Any]:
    """Have an order done in a child, so that whatever becomes of it the writer goes on."""
    ours, theirs = socket.socketpair()
    with ours:
        child = os.fork()
        if child == 0:
            ours.close()
            control.close()
            nursery.die_with_parent()
            apart.tell(theirs, work)
        theirs.close()
        try:
            return {"done": apart.heard(ours, child, None)}
        except FoederaError as fault:
            return {"fault": vars(fault), "error": type(fault).__name__}
        except EOFError:
            lost = _lost()
            return {"fault": vars(lost), "error": type(lost).__name__}


def _lost() -> EngineFailed:
    return EngineFailed(
        "The writer ended before it said what became of this change",
        "Look whether it is there before you send it again.",
    )


class Writer:
    """The way of an HTTP process to the site's writer; safe for its threads."""

    def __init__(self, connection: socket.socket, queue: int) -> None:
        self._connection = connection
        self._reader = wire.Reader(connection)
        self._turn = threading.Lock()
        self._places = threading.BoundedSemaphore(queue + 1)

    def apply(self, order: Order) -> Done:
        """Have a change made; on return it is on the disk. Raises what `apply` and `do` raise."""
        return Done(**self.do("apply", order.packed()))

    def do(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Have an order done, of one of the kinds that the writer knows, and say what became of it.

        Raises what it raises, and Unavailable when too many wait for their turn.
        """
        if not self._places.acquire(blocking=False):
            raise Unavailable(
                "Too many changes wait for their turn", "Try again in a moment.", retry_after=5
            )
        try:
            with self._turn:
                try:
                    wire.send_json(self._connection, wire.CALL, [kind, content])
                except OSError:
                    raise Unavailable(
                        "The writer is being started again",
                        "Nothing was changed. Try again in a moment.",
                        retry_after=1,
                    ) from None
                try:
                    frame = self._reader.wait()
                except OSError:
                    frame = None
            if frame is None:
                raise _lost()
            return apart.unpacked(json.loads(frame[1]))
        finally:
            self._places.release()
