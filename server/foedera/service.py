"""The running site as processes: one that minds the others, those that speak HTTP, the nursery.

    minder ── nursery (holds the release) ── workers (one query each)
       └───── fronts (speak HTTP, never open the store) ─┘ sockets to their workers

The minder opens no store and reads no request. It binds the address once, publishes in a child,
watches the pointer to the current release, and gives each front a connection to the nursery of
the release to serve; a front changes over between two requests. Whoever dies is replaced.
"""

from __future__ import annotations

import contextlib
import copy
import json
import logging
import mmap
import os
import re
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from foedera import (
    catalog,
    cite,
    describe,
    explore,
    folder,
    graphs,
    near,
    offers,
    provenance,
    release,
    show,
    suggest,
    write,
)
from foedera.check import asked
from foedera.errors import FoederaError, NotAPublication, Unavailable
from foedera.query import engine, nursery, wire, worker
from foedera.query.allowance import Allowance
from foedera.query.pool import Lane, Pool
from foedera.settings import Settings
from foedera.stores.base import Store
from foedera.stores.embedded import BYTES_A_QUAD

if TYPE_CHECKING:
    from foedera.stores.endpoint import Endpoint

PAGES = "pages"
QUERIES = "queries"
CHECKS = "checks"


def _check(store: Store, _: dict[str, Any], reply: worker.Reply) -> None:
    store.check()
    reply.head({})


OPERATIONS = {
    "there": _check,
    "query": engine.answer,
    **describe.OPERATIONS,
    **near.OPERATIONS,
    **provenance.OPERATIONS,
    **show.OPERATIONS,
    **cite.OPERATIONS,
    **suggest.OPERATIONS,
    **explore.OPERATIONS,
    **catalog.OPERATIONS,
    **graphs.OPERATIONS,
    **asked.OPERATIONS,
    **offers.OPERATIONS,
}

Say = Callable[[str], None]
_Own = socket.socket | Allowance
WsgiApp = Callable[..., Any]


class Application(Protocol):
    """A WSGI application that knows beforehand which answers it need not wait for."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]: ...

    def hold(self, environ: dict[str, Any]) -> bool: ...


Served = Callable[[], str]

_NOT_ASCII = re.compile(rb"[\x80-\xff]")

_TICK = 0.25

_PAUSE = 5.0
"""Seconds until a release that could not be opened is tried again."""

_LONG_PAUSE = 60.0
"""The same while another release is served."""

_HEAD_START = 5.0
"""Seconds that a release has for becoming ready before a newer one overtakes it."""

_WRITER = b"writer"
"""What stands before a connection to the writer; before one to a nursery, its release does."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@dataclass(frozen=True)
class Live:
    """The release being served, and the workers that answer from it."""

    release: release.Release
    numbers: dict[str, Any]
    pool: Pool

    @property
    def base(self) -> str:
        return str(self.release.manifest["publication"]["base"])


@dataclass
class Site:
    """What an HTTP process serves at this moment; replaced as a whole between two requests."""

    problem: dict[str, Any] | None = None
    writer: write.Writer | None = None
    offers: offers.Offers | None = None
    served: Served = field(default=lambda: "", repr=False)
    """The release that every HTTP process of the site serves."""
    _live: Live | None = field(default=None, repr=False)

    @property
    def live(self) -> Live:
        """What is served. Raises Unavailable before the first release is there."""
        if self._live is None:
            raise Unavailable("The site is starting", "Try again in a moment.", retry_after=1)
        return self._live

    def change(self, live: Live) -> None:
        """Serve another release; requests under way finish on the one they began with."""
        old, self._live = self._live, live
        if old is not None:
            old.pool.retire()


def lanes(settings: Settings) -> dict[str, Lane]:
    """How an HTTP process shares out its workers: strangers' queries never take a page's."""
    return {
        PAGES: Lane(settings.page_workers, settings.threads, 5.0),
        QUERIES: Lane(
            settings.query_workers, settings.query_queue, settings.query_seconds, metered=True
        ),
        CHECKS: Lane(
            settings.check_workers,
            settings.check_queue,
            settings.check_seconds,
            metered=True,
            seconds=settings.check_seconds,
            calls="checks",
            ahead=False,
        ),
    }


def allowance(settings: Settings) -> Allowance | None:
    """What one client may have of the workers; None without any limit."""
    limits = (
        settings.client_workers,
        settings.client_seconds,
        settings.client_errors,
        settings.client_queue,
    )
    return Allowance(*limits) if any(limits) else None


def plan(settings: Settings, what: release.Release) -> nursery.Plan:
    """How a release is held: in memory when it fits the budget."""
    budget = settings.memory * 1_000_000 or _free_memory() // 4
    return nursery.Plan(
        release=what.path,
        in_memory=what.quads * BYTES_A_QUAD <= budget,
        worker_memory=settings.query_memory * 1_000_000,
        niceness={PAGES: 0, QUERIES: 10, CHECKS: 10},
        operations=OPERATIONS,
        network=frozenset({QUERIES} if settings.query_services else ()),
        engine=_engine(settings),
        prepare={CHECKS: asked.prepare},
    )


def _engine(settings: Settings) -> Endpoint | None:
    """The engine that holds the releases, where they are not held here."""
    if not settings.store:
        return None
    from foedera.stores import endpoint  # and with it a client that few need

    return endpoint.of(settings)


def _free_memory() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:
            for line in stream:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 2_000_000_000


def _live(
    settings: Settings,
    what: release.Release,
    connection: socket.socket,
    clients: Allowance | None = None,
) -> Live:
    numbers = json.loads((what.path / "numbers.json").read_text(encoding="utf-8"))
    limits = (settings.query_seconds, settings.query_memory)
    pool = Pool(connection, lanes(settings), *limits, clients)
    return Live(what, numbers, pool)


@contextlib.contextmanager
def local(settings: Settings, what: release.Release, say: Say = lambda _: None) -> Iterator[Site]:
    """A site without HTTP, over one release, in this process: for the command line and tests.

    Its clients have no allowance. Raises NotAPublication when the release cannot be opened.
    """
    control, process = _start_nursery(settings, what, say, [])
    if not control.recv(5):
        os.waitpid(process, 0)
        raise _damaged(what)
    site = Site(offers=offers.Offers(what.path.parents[1]))
    live = _live(settings, what, _connect(control))
    site.change(live)
    try:
        yield site
    finally:
        live.pool.close()
        wire.hang_up(control)
        os.waitpid(process, 0)


def _start_nursery(
    settings: Settings, what: release.Release, say: Say, close: list[_Own]
) -> tuple[socket.socket, int]:
    """Fork a nursery: its control socket, on which it says when it is ready, and its id."""
    ours, theirs = socket.socketpair()
    process = _fork(lambda: nursery.run(theirs, plan(settings, what), say), [ours, *close])
    theirs.close()
    return ours, process


def _damaged(what: release.Release) -> NotAPublication:
    return NotAPublication(
        f"Release {what.id} cannot be opened",
        "It may be damaged: remove its folder below the state folder and publish again.",
    )


def _connect(control: socket.socket) -> socket.socket:
    """A new connection to a nursery, through its control socket."""
    ours, theirs = socket.socketpair()
    with theirs:
        socket.send_fds(control, [b"client"], [theirs.fileno()])
    return ours


def _fork(work: Callable[[], object], close: list[_Own]) -> int:
    """Run something in a child that never returns here; ends with 0, or with an error's code.

    Signals wait until the child has let go of what the parent does on them. A hang-up, which
    asks the minder to publish again, is nothing to its children.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    process = os.fork()
    if process:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return process
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for one in close:
            one.close()
        work()
        code = 0
    except FoederaError as fault:
        print(f"foedera: {fault}", file=sys.stderr)
        code = fault.exit_code
    except BaseException:
        logging.getLogger("foedera").exception("a process of the site failed")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def bind(host: str, port: int) -> socket.socket:
    """The listening socket. Raises NotAPublication in words when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except (OSError, OverflowError) as fault:
        listener.close()
        raise NotAPublication(
            f"{host}:{port} cannot be listened on: {getattr(fault, 'strerror', fault)}",
            "Choose another with --port (0 takes a free one) or --host.",
        ) from None
    listener.listen(1024)
    listener.setblocking(False)
    return listener


@dataclass
class _Front:
    process: int
    control: socket.socket
    born: float
    serves: str = ""

    @property
    def ready(self) -> bool:
        return bool(self.serves)


@dataclass
class _Writer:
    process: int
    control: socket.socket
    born: float


@dataclass
class _Nursery:
    release: release.Release
    mark: tuple[str, int]
    process: int
    control: socket.socket
    born: float


class Minder:
    """Keeps the processes of a site in being; `run` returns the exit status.

    It never waits for one of them: each round it takes what they say, buries the dead, and starts
    what ought to be there and is not.
    """

    def __init__(
        self,
        settings: Settings,
        root: Path,
        state: Path,
        make_app: Callable[[Settings, Site], Application],
        say: Say,
        reload: bool,
    ) -> None:
        self._settings = settings
        self._root = root
        self._state = state
        self._make_app = make_app
        self._say = say
        self._reload = reload
        self._clients = allowance(settings)
        self._warned = mmap.mmap(-1, 1)
        self._served = mmap.mmap(-1, 64)
        self._writer: _Writer | None = None
        self._writer_after = 0.0
        self._fronts: list[_Front] = []
        self._nursery: _Nursery | None = None
        self._coming: _Nursery | None = None
        self._mark: tuple[str, int] | None = None
        self._publisher = 0
        self._published = False
        self._announced = False
        self._asked = False
        self._stopping = False
        self._nursery_after = 0.0
        self._front_after = 0.0

    def run(self) -> int:
        """Publish, serve, and go on until SIGTERM or SIGINT.

        Raises what stops a first start: NotAPublication when the address cannot be had or the
        release not be opened, SystemExit when there is nothing to serve or no way to.
        """
        _engine(self._settings)  # raises where there is no such address, before anything is begun
        self._listener = bind(self._settings.host, self._settings.port)
        self._wake, self._woken = socket.socketpair()
        self._heed_signals()
        self._stamp = folder.stamp(self._root)
        self._publish(again=True)
        try:
            while self._listen():
                self._bury()
                if self._published:
                    self._start_what_is_wanted()
            self._say("stopping: requests under way are answered")
        finally:
            code = self._stop()
        return code

    def _heed_signals(self) -> None:
        for one in (self._wake, self._woken):
            one.setblocking(False)
        signal.set_wakeup_fd(self._woken.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "_stopping", True))
        signal.signal(signal.SIGHUP, lambda *_: setattr(self, "_asked", True))
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _listen(self) -> bool:
        """Sleep until a child speaks or ends, a signal comes, or it is time to look around.

        False when it is time to stop.
        """
        fronts = {front.control: front for front in self._fronts}
        coming = [self._coming.control] if self._coming else []
        writer = [self._writer.control] if self._writer else []
        speaking, _, _ = select.select([self._wake, *fronts, *coming, *writer], [], [], _TICK)
        with contextlib.suppress(BlockingIOError):
            self._wake.recv(4096)
        for control, front in fronts.items():
            if control in speaking and (said := control.recv(4096)):
                front.serves = said.split()[-1].decode()
                self._note_what_all_serve()
        if writer and writer[0] in speaking:
            writer[0].recv(4096)  # there may be a new release: it is looked for at once
        if coming and coming[0] in speaking:
            self._change_over(ready=bool(coming[0].recv(5)))
        return not self._stopping

    def _note_what_all_serve(self) -> None:
        """Let the HTTP processes know when the last of them has changed over."""
        serving = {front.serves for front in self._fronts}
        if len(serving) == 1:
            name = serving.pop().encode()
            self._served[:] = name.ljust(len(self._served), b"\0")

    def _bury(self) -> None:
        """Take note of the children that have ended."""
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            code = os.waitstatus_to_exitcode(status)
            if process == self._publisher:
                self._publisher = 0
                if not self._published:
                    self._first_publish_ended(code)
            elif self._nursery and process == self._nursery.process:
                self._say("the nursery ended; another one is started")
                wire.hang_up(self._nursery.control)
                self._nursery_after = self._nursery.born + 1  # do not spin when it cannot live
                self._nursery = None
            elif self._writer and process == self._writer.process:
                self._say("the writer ended; another one is started")
                wire.hang_up(self._writer.control)
                self._writer_after = self._writer.born + 1
                self._writer = None
            for front in [one for one in self._fronts if one.process == process]:
                if code > 0 and not self._announced:
                    raise SystemExit(code)  # it has said why it cannot be started
                self._say("an HTTP process ended; another one is started")
                self._fronts.remove(front)
                wire.hang_up(front.control)
                self._front_after = front.born + 1

    def _first_publish_ended(self, code: int) -> None:
        if code and release.current(self._state) is None:
            raise SystemExit(code if code > 0 else 1)
        if code:
            self._say("the release published before is served")
        self._published = True

    def _start_what_is_wanted(self) -> None:
        now = time.monotonic()
        mark = release.mark(self._state)
        newest = self._coming or self._nursery
        missing = newest is None or newest.mark != mark
        overtakes = not self._coming or now >= self._coming.born + _HEAD_START
        if mark and missing and overtakes and (mark != self._mark or now >= self._nursery_after):
            self._begin_nursery(mark)
        writes = self._settings.write_token or self._settings.review_token
        if writes and not self._writer and now >= self._writer_after:
            self._start_writer()
        while len(self._fronts) < max(1, self._settings.fronts) and now >= self._front_after:
            self._start_front()
        if not self._announced and self._nursery and all(one.ready for one in self._fronts):
            self._announce(self._nursery.release)
        if not self._publisher and (self._asked or self._reload):
            stamp = folder.stamp(self._root)
            if self._asked or stamp != self._stamp:
                self._asked = False
                self._stamp = stamp
                self._publish(again=False)

    def _publish(self, again: bool) -> None:
        """Publish the folder in a child: whatever it does or suffers, the site goes on."""

        def work() -> None:
            nursery.die_with_parent()
            try:
                keep, to = self._settings.keep, release.carry(self._settings)
                release.publish(self._root, self._state, keep, self._say, again, to)
            except release.Findings as stopped:
                for finding in stopped.report.violations:
                    print(finding, file=sys.stderr)
                raise

        self._publisher = _fork(work, [*self._of_fronts(), *self._own()])

    def _of_fronts(self) -> list[_Own]:
        """What only those who speak HTTP hold."""
        return [self._listener, *([self._clients] if self._clients else [])]

    def _own(self) -> list[_Own]:
        """What no child may hold on to: that the last copy is closed tells the other side."""
        nurseries = [one.control for one in (self._nursery, self._coming) if one]
        fronts = [front.control for front in self._fronts]
        writer = [self._writer.control] if self._writer else []
        return [self._wake, self._woken, *fronts, *nurseries, *writer]

    def _start_front(self) -> None:
        ours, theirs = socket.socketpair()

        def work() -> None:
            _front(
                self._settings,
                self._state,
                self._listener,
                theirs,
                self._make_app,
                self._say,
                self._clients,
                self._warned,
                lambda: self._served[:].rstrip(b"\0").decode(),
            )

        process = _fork(work, [ours, *self._own()])
        theirs.close()
        front = _Front(process, ours, time.monotonic())
        self._fronts.append(front)
        self._hand_over(front)
        self._hand_over_writer(front)

    def _start_writer(self) -> None:
        """Start the process that writes to the folder, one change after the other."""
        ours, theirs = socket.socketpair()
        orders = {**write.ORDERS, **offers.ORDERS}
        process = _fork(
            lambda: write.serve(theirs, self._root, self._state, self._settings, self._say, orders),
            [ours, *self._of_fronts(), *self._own()],
        )
        theirs.close()
        self._writer = _Writer(process, ours, time.monotonic())
        for front in self._fronts:
            self._hand_over_writer(front)

    def _hand_over_writer(self, front: _Front) -> None:
        if self._writer:
            with contextlib.suppress(OSError), _connect(self._writer.control) as connection:
                socket.send_fds(front.control, [_WRITER], [connection.fileno()])

    def _hand_over(self, front: _Front) -> None:
        """Tell a front which release to serve, with a connection to its nursery."""
        if self._nursery:
            with contextlib.suppress(OSError), _connect(self._nursery.control) as connection:
                path = os.fsencode(self._nursery.release.path)
                socket.send_fds(front.control, [path], [connection.fileno()])

    def _begin_nursery(self, mark: tuple[str, int]) -> None:
        """Start a nursery for the current release; what is served changes when it is ready."""
        if self._coming:
            wire.hang_up(self._coming.control)  # overtaken: it ends
            self._coming = None
        self._mark = mark
        self._nursery_after = time.monotonic() + (_LONG_PAUSE if self._nursery else _PAUSE)
        fresh = release.current(self._state)
        if fresh is None:
            self._say(f"{self._state} names a release that is not whole")
            return
        control, process = _start_nursery(
            self._settings, fresh, self._say, [*self._of_fronts(), *self._own()]
        )
        self._coming = _Nursery(fresh, mark, process, control, time.monotonic())

    def _change_over(self, ready: bool) -> None:
        """Serve from the nursery that has come; the old one ends with its last request."""
        fresh, self._coming = self._coming, None
        assert fresh is not None
        if not ready:
            wire.hang_up(fresh.control)
            fault = _damaged(fresh.release)
            if not self._announced and release.mark(self._state) == self._mark:
                raise fault
            self._say(str(fault))
            return
        old, self._nursery = self._nursery, fresh
        for front in self._fronts:
            self._hand_over(front)
        if old:
            wire.hang_up(old.control)
            if old.release.id != fresh.release.id:
                self._say(f"release {fresh.release.id} is served now")

    def _announce(self, serving: release.Release) -> None:
        self._announced = True
        host, port = self._listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        titles = serving.manifest["publication"]["titles"]
        title = titles.get("en") or next(iter(titles.values()))
        self._say(f"serving {title} ({serving.triples:,} triples) at http://{shown}:{port}/")

    def _stop(self) -> int:
        """Let requests under way finish, then end everything; 0 when all went well."""
        self._listener.close()
        fronts = {front.process for front in self._fronts}
        for process in fronts:
            os.kill(process, signal.SIGTERM)
        if self._publisher:
            os.kill(self._publisher, signal.SIGKILL)  # at any moment: that is what it is built for
        if self._coming:
            wire.hang_up(self._coming.control)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._coming.process, signal.SIGKILL)
        good = self._wait_for(fronts, self._settings.longest + 4)
        for process in fronts:
            os.kill(process, signal.SIGKILL)
        if self._writer:  # nobody waits for it any more, and it may be killed at any moment
            wire.hang_up(self._writer.control)
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._writer.process, signal.SIGKILL)
        if self._nursery:
            wire.hang_up(self._nursery.control)
            self._wait_for({self._nursery.process}, 2)
        return 0 if good and not fronts else 1

    def _wait_for(self, processes: set[int], seconds: float) -> bool:
        """Strike out the processes as they end, for so long; whether none of them failed."""
        good = True
        until = time.monotonic() + seconds
        while processes and time.monotonic() < until:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                processes.clear()
                break
            if process in processes:
                processes.discard(process)
                code = os.waitstatus_to_exitcode(status)
                good = good and code in (0, -signal.SIGTERM)  # one told before it could listen
            elif not process:
                time.sleep(0.02)
        return good


def _front(
    settings: Settings,
    state: Path,
    listener: socket.socket,
    control: socket.socket,
    make_app: Callable[[Settings, Site], Application],
    say: Say,
    clients: Allowance | None,
    warned: mmap.mmap,
    served: Served,
) -> None:
    """One process that speaks HTTP; ends by SIGTERM, or when the minder is gone.

    With the others it shares the clients' account, whether a proxy was warned of already, and
    which release they all serve.
    """
    import waitress.channel
    import waitress.parser
    import waitress.server
    import waitress.task
    from waitress import wasyncore

    site = Site(offers=offers.Offers(state), served=served)
    ending = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches the minder too
    signal.signal(signal.SIGTERM, lambda *_: ending.set())
    threading.Thread(
        target=_follow, args=(site, settings, state, control, ending, say, clients), daemon=True
    ).start()

    class Task(waitress.task.WSGITask):  # type: ignore[misc]
        """An answer after which the connection ends, once the process is to end."""

        def get_environment(self) -> dict[str, Any]:
            if self.request.environ is not None:
                return self.request.environ  # type: ignore[no-any-return]
            environ: dict[str, Any] = super().get_environment()
            self.request.environ = environ
            if not warned[0] and _comes_from_a_stranger(environ, settings.trusted_proxy):
                warned[0] = 1
                say(_warning_of_a_proxy(environ["REMOTE_ADDR"]))
            return environ

        def build_response_header(self) -> bytes:
            if ending.is_set():
                self.request.headers["CONNECTION"] = "close"
            header: bytes = super().build_response_header()
            return header

        def set_close_on_finish(self) -> None:
            """End the connection with the answer, unless its chunks say already where it ends, or
            its header is all of it.

            Told that the connection ends, Node's fetch takes even one that was reset for whole.
            """
            told = self.request.headers.get("CONNECTION", "").lower() == "close"
            header_only = not self.has_body and self.version == "1.1" and not told  # as a 304 is
            if self.wrote_header or not (self.chunked_response or header_only):
                super().set_close_on_finish()

        def finish(self) -> None:
            if not self.wrote_header:
                self.write(b"")
            if self.request.command == "HEAD":  # which has no last chunk either
                self.chunked_response = False
            super().finish()

        def execute(self) -> None:
            """Answer; one that breaks in the middle is never taken for whole.

            Its connection is reset: no last chunk comes, nor, for a client that reads until the
            connection closes, a proper close.
            """
            try:
                super().execute()
            except Exception as fault:
                if not self.wrote_header:
                    raise
                self.channel.broken = True
                self.close_on_finish, self.chunked_response = True, False
                if not isinstance(fault, FoederaError):
                    raise
                say(f"an answer was broken off: {fault.detail}")

    class ErrorTask(waitress.task.ErrorTask):  # type: ignore[misc]
        """What is refused before it is a request; a script of another site may read that too."""

        def execute(self) -> None:
            self.response_headers += [
                ("Access-Control-Allow-Origin", "*"),
                ("Cache-Control", "no-store"),
            ]
            super().execute()

    class Parser(waitress.parser.HTTPRequestParser):  # type: ignore[misc]
        """Reads an address in plain UTF-8 as if it were escaped: curl sends what a person types."""

        environ: dict[str, Any] | None = None

        def parse_header(self, header_plus: bytes) -> None:
            line, end, rest = header_plus.partition(b"\r\n")
            escaped = _NOT_ASCII.sub(lambda byte: b"%%%02X" % byte[0][0], line)
            super().parse_header(escaped + end + rest)
            if write.authorised(settings, self.headers.get("AUTHORIZATION", "")):
                self.adj = roomy
            elif self.path.rstrip("/") in ("/check", "/contributions"):
                self.adj = ample

    class Channel(waitress.channel.HTTPChannel):  # type: ignore[misc]
        """A connection that is answered at once where the answer is ready, by the thread that read
        the request: handing it to another and back costs more than all the rest.

        It is reset, also by the end of this process, while there is more to send: some clients take
        all that came before a proper close for a whole answer.
        """

        parser_class = Parser
        task_class = Task
        error_task_class = ErrorTask
        broken = False
        due = False

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            _reset_at_end(self.socket, True)

        def received(self, data: bytes) -> bool:
            taken: bool = super().received(data)
            if self.due:
                self.due = False
                if self._is_ready():
                    self.adj = gathering
                    self.service()
                    self.adj = server.adj
                    self.handle_write()
                else:
                    server.task_dispatcher.add_task(self)
            return taken

        def _is_ready(self) -> bool:
            """Whether nothing has to be waited for, neither here nor of what was asked before."""
            (request, *more) = self.requests
            if more or request.error or self.total_outbufs_len:
                return False
            return app.hold(Task(self, request).get_environment())

        def handle_close(self) -> None:
            if self.socket and not (self.broken or self.requests or self.total_outbufs_len):
                _reset_at_end(self.socket, False)
            super().handle_close()

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # else a line for each that waits
    app = make_app(settings, site)
    channels: dict[int, Any] = {}
    # Tuned as SAFETY.md measured: with many threads, a high limit of connections, poll() and a
    # short time-out it alone held against slow and hostile clients without a proxy before it.
    # The look-ahead of one is what lets a handler see that its client has left.
    server = waitress.server.create_server(
        app,
        map=channels,
        sockets=[listener],
        threads=settings.threads,
        connection_limit=1500,
        backlog=1024,
        channel_timeout=8,
        cleanup_interval=2,
        channel_request_lookahead=1,
        asyncore_use_poll=True,
        max_request_header_size=300_000,
        max_request_body_size=settings.query_bytes * 4,
        outbuf_high_watermark=1_000_000,
        outbuf_overflow=10_000_000,
        **_trusted(settings.trusted_proxy),
        clear_untrusted_proxy_headers=True,
        ident="foedera",
    )
    server.channel_class = Channel
    reader, wake = threading.get_ident(), server.pull_trigger

    def add_task(channel: Channel) -> None:
        if threading.get_ident() == reader:
            channel.due = True
        else:
            server.task_dispatcher.add_task(channel)

    server.add_task = add_task
    server.pull_trigger = lambda: threading.get_ident() == reader or wake()
    gathering = copy.copy(server.adj)
    gathering.send_bytes = sys.maxsize  # head and body in one packet
    roomy = copy.copy(server.adj)
    roomy.max_request_body_size = max(settings.query_bytes, settings.write_bytes) * 4
    ample = copy.copy(server.adj)
    ample.max_request_body_size = settings.check_bytes * 2
    while not ending.is_set():
        wasyncore.loop(timeout=0.5, map=channels, use_poll=True, count=1)
    # Closing the socket would reset the connections that wait in its queue: they are taken first.
    taken = -1
    while taken < len(server.active_channels):
        taken = len(server.active_channels)
        server.handle_accept()
    server.del_channel(channels)
    listener.close()
    now = time.monotonic()
    until, quiet = now + settings.longest + 3, now + 0.2
    while now < min(until, quiet):
        wasyncore.loop(timeout=0.05, map=channels, use_poll=True, count=1)
        now = time.monotonic()
        if any(
            channel.request or channel.requests or channel.total_outbufs_len
            for channel in server.active_channels.values()
        ):
            quiet = now + 0.2
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
    for channel in list(server.active_channels.values()):
        channel.handle_close()


def _reset_at_end(connection: socket.socket, reset: bool) -> None:
    """Whether closing a connection, whoever does it, resets it or lets the rest be read."""
    linger = struct.pack("ii", int(reset), 0)
    with contextlib.suppress(OSError):  # it has ended already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _trusted(proxy: str) -> dict[str, Any]:
    """How a proxy is believed: only who the client is; never the host, nor the scheme."""
    if not proxy:
        return {}
    return {
        "trusted_proxy": proxy,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for"},
    }


def _comes_from_a_stranger(environ: dict[str, Any], proxy: str) -> bool:
    """Whether a request comes through a proxy that is not the trusted one, or pretends to."""
    forwarded = "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ
    return forwarded and proxy not in ("*", environ["REMOTE_ADDR"])


def _warning_of_a_proxy(address: str) -> str:
    return (
        f"a request forwarded by {address}, which is not the trusted proxy: all who come through "
        f"it count as one client; if the proxy is yours, start with --trusted-proxy {address}"
    )


def _follow(
    site: Site,
    settings: Settings,
    state: Path,
    control: socket.socket,
    ending: threading.Event,
    say: Say,
    clients: Allowance | None = None,
) -> None:
    """Take releases from the minder, one after the other; its end is ours.

    Beside that, look whether the last attempt to publish, whoever made it, met a problem.
    """
    while True:
        site.problem = release.problem(state)
        if not select.select([control], [], [], _TICK)[0]:
            continue
        try:
            path, descriptors, _, _ = socket.recv_fds(control, 4096, 1)
        except OSError:
            path = b""
        if not path:
            ending.set()
            return
        connection = socket.socket(fileno=descriptors[0])
        if path == _WRITER:
            site.writer = write.Writer(connection, settings.write_queue)
            continue
        what = release.read(Path(os.fsdecode(path)))
        try:
            if what is None:
                raise NotAPublication(f"{os.fsdecode(path)} is gone")
            live = _live(settings, what, connection, clients)
            live.pool.warm()
        except (OSError, ValueError, FoederaError) as fault:
            connection.close()
            say(f"an HTTP process stays with what it serves: {fault}")
            continue
        site.change(live)
        with contextlib.suppress(OSError):  # the minder is gone, or too busy to be told
            control.send(what.id.encode() + b" ", socket.MSG_DONTWAIT)
