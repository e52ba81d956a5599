"""The running site as processes: one that minds the others, those that speak HTTP, the nursery.

    minder ── nursery (holds the release) ── workers (one query each)
       └───── fronts (speak HTTP, never open the store) ─┘ sockets to their workers

The minder opens no store and reads no request. It binds the address once, publishes in a child,
watches the pointer to the current release, and gives each front a connection to the nursery of
the release to serve; a front changes over between two requests. Whoever dies is replaced.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from foedera import describe, folder, release, show, suggest
from foedera.errors import FoederaError, NotAPublication, Unavailable
from foedera.query import engine, nursery
from foedera.query.pool import Lane, Pool
from foedera.settings import Settings
from foedera.stores.embedded import BYTES_A_QUAD

PAGES = "pages"
QUERIES = "queries"

OPERATIONS = {
    "query": engine.answer,
    **describe.OPERATIONS,
    **show.OPERATIONS,
    **suggest.OPERATIONS,
}

Say = Callable[[str], None]
WsgiApp = Callable[..., Any]

_TICK = 0.25


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
    draining: bool = False
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
        QUERIES: Lane(settings.query_workers, settings.query_queue, settings.query_seconds),
    }


def plan(settings: Settings, what: release.Release) -> nursery.Plan:
    """How a release is held: in memory when it fits the budget."""
    budget = settings.memory * 1_000_000 or _free_memory() // 4
    return nursery.Plan(
        release=what.path,
        in_memory=what.quads * BYTES_A_QUAD <= budget,
        worker_memory=settings.query_memory * 1_000_000,
        niceness={PAGES: 0, QUERIES: 10},
        operations=OPERATIONS,
    )


def _free_memory() -> int:
    try:
        with open("/proc/meminfo", encoding="ascii") as stream:
            for line in stream:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 2_000_000_000


def _numbers(what: release.Release) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((what.path / "numbers.json").read_text(encoding="utf-8"))
    return content


@contextlib.contextmanager
def local(settings: Settings, what: release.Release, say: Say = lambda _: None) -> Iterator[Site]:
    """A site without HTTP, over one release, in this process: for the command line and tests."""
    control, connection, process = _start_nursery(settings, what, say, [])
    pool = Pool(connection, lanes(settings), settings.query_seconds, settings.query_memory)
    site = Site()
    site.change(Live(what, _numbers(what), pool))
    try:
        yield site
    finally:
        pool.retire()
        control.close()
        os.waitpid(process, 0)


def _start_nursery(
    settings: Settings, what: release.Release, say: Say, inherited: list[socket.socket]
) -> tuple[socket.socket, socket.socket, int]:
    """Fork a nursery and wait until it is ready; its control, a client's connection, its id."""
    ours, theirs = socket.socketpair()
    process = _fork(lambda: nursery.run(theirs, plan(settings, what), say), [ours, *inherited])
    theirs.close()
    if not ours.recv(5):
        os.waitpid(process, 0)
        raise NotAPublication(
            f"Release {what.id} cannot be opened",
            "It may be damaged: remove its folder below the state folder and publish again.",
        )
    return ours, _connect(ours), process


def _connect(control: socket.socket) -> socket.socket:
    """A new connection to a nursery, through its control socket."""
    ours, theirs = socket.socketpair()
    socket.send_fds(control, [b"client"], [theirs.fileno()])
    theirs.close()
    return ours


def _fork(work: Callable[[], object], close: list[socket.socket]) -> int:
    """Run something in a child that never returns here; ends with 0, or with an error's code."""
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        for one in close:
            one.close()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
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


class Minder:
    """Keeps the processes of a site in being; `run` returns the exit status."""

    def __init__(
        self,
        settings: Settings,
        root: Path,
        state: Path,
        make_app: Callable[[Settings, Site], WsgiApp],
        say: Say,
        reload: bool,
    ) -> None:
        self._settings = settings
        self._root = root
        self._state = state
        self._make_app = make_app
        self._say = say
        self._reload = reload
        self._fronts: list[_Front] = []
        self._nursery: tuple[socket.socket, int] | None = None
        self._serving: release.Release | None = None
        self._problem: dict[str, Any] | None = None
        self._publisher = 0
        self._leaving: set[int] = set()
        self._stopping = False
        self._stamp = 0

    def run(self) -> int:
        """Publish, serve, and go on until SIGTERM or SIGINT. Raises what stops a first start."""
        listener = bind(self._settings.host, self._settings.port)
        wake, woken = socket.socketpair()
        for one in (wake, woken):
            one.setblocking(False)
        signal.set_wakeup_fd(woken.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: setattr(self, "_stopping", True))
        signal.signal(signal.SIGHUP, lambda *_: setattr(self, "_stamp", -1))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._stamp = folder.stamp(self._root)
        self._first_publish()
        self._change_release(first=True)
        for _ in range(max(1, self._settings.fronts)):
            self._start_front(listener)
        self._announce(listener)
        while not self._stopping:
            with contextlib.suppress(InterruptedError):
                select.select([wake], [], [], _TICK)
            with contextlib.suppress(BlockingIOError):
                wake.recv(4096)
            self._reap(listener)
            self._look()
        return self._stop(listener)

    def _first_publish(self) -> None:
        process = _fork(lambda: self._publish(again=True), [])
        _, status = os.waitpid(process, 0)
        code = os.waitstatus_to_exitcode(status)
        if code and release.current(self._state) is None:
            raise SystemExit(code if code > 0 else 1)
        if code:
            self._say("the release published before is served")

    def _publish(self, again: bool) -> None:
        nursery.die_with_parent()
        try:
            release.publish(self._root, self._state, self._settings.keep, self._say, again=again)
        except release.Findings as stopped:
            for finding in stopped.report.findings:
                print(finding, file=sys.stderr)
            raise

    def _announce(self, listener: socket.socket) -> None:
        assert self._serving is not None
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        titles = self._serving.manifest["publication"]["titles"]
        title = titles.get("en") or next(iter(titles.values()))
        self._say(f"serving {title} ({self._serving.triples:,} triples) at http://{shown}:{port}/")

    def _start_front(self, listener: socket.socket) -> None:
        ours, theirs = socket.socketpair()
        others = [ours, *(front.control for front in self._fronts)]
        if self._nursery:
            others.append(self._nursery[0])
        process = _fork(
            lambda: _front(self._settings, listener, theirs, self._make_app, self._say), others
        )
        theirs.close()
        front = _Front(process, ours, time.monotonic())
        self._fronts.append(front)
        self._hand_over(front)
        ours.settimeout(30)
        with contextlib.suppress(OSError):
            ours.recv(5)

    def _hand_over(self, front: _Front) -> None:
        """Tell a front which release to serve, with a connection to its nursery."""
        if self._nursery is None or self._serving is None:
            return
        content = {"release": str(self._serving.path), "problem": self._problem}
        with contextlib.suppress(OSError):
            connection = _connect(self._nursery[0])
            socket.send_fds(
                front.control, [json.dumps(content).encode()[:60_000]], [connection.fileno()]
            )
            connection.close()

    def _change_release(self, first: bool = False) -> None:
        """Start a nursery for the current release, and hand it to every front."""
        fresh = release.current(self._state)
        if fresh is None:
            if first:
                raise NotAPublication(f"{self._state} names no release that can be opened")
            return
        try:
            control, connection, process = _start_nursery(
                self._settings, fresh, self._say, [front.control for front in self._fronts]
            )
        except NotAPublication as fault:
            if first:
                raise
            self._say(str(fault))
            self._serving = fresh  # said once; the old one goes on being served
            return
        connection.close()
        old = self._nursery
        self._nursery = (control, process)
        changed = self._serving is not None and self._serving.id != fresh.id
        self._serving = fresh
        self._problem = release.problem(self._state)
        for front in self._fronts:
            self._hand_over(front)
        if old:
            self._leaving.add(old[1])
            old[0].close()
        if changed:
            self._say(f"release {fresh.id} is served now")

    def _look(self) -> None:
        """Whether the pointer has moved, and with --reload whether the folder has changed."""
        try:
            target = os.path.basename(os.readlink(self._state / "current"))
        except OSError:
            target = ""
        if target and self._serving and target != self._serving.id:
            self._change_release()
        if (self._reload or self._stamp == -1) and not self._publisher:
            stamp = folder.stamp(self._root)
            if stamp != self._stamp:
                self._stamp = stamp
                self._publisher = _fork(
                    lambda: self._publish(again=False), [front.control for front in self._fronts]
                )

    def _reap(self, listener: socket.socket) -> None:
        while True:
            try:
                process, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            if process in self._leaving:
                self._leaving.discard(process)
            elif process == self._publisher:
                self._publisher = 0
                problem = release.problem(self._state)
                if problem != self._problem:
                    self._problem = problem
                    for front in self._fronts:
                        self._hand_over(front)
            elif self._nursery and process == self._nursery[1]:
                self._say("the nursery ended; another one is started")
                self._change_release()
            else:
                for front in [one for one in self._fronts if one.process == process]:
                    self._fronts.remove(front)
                    front.control.close()
                    if not self._stopping:
                        self._say("an HTTP process ended; another one is started")
                        if time.monotonic() - front.born < 1:
                            time.sleep(1)  # do not spin when it cannot live
                        self._start_front(listener)

    def _stop(self, listener: socket.socket) -> int:
        """Let requests under way finish, then end everything; 0 when all went well."""
        self._say("stopping: requests under way are answered")
        listener.close()
        for front in self._fronts:
            with contextlib.suppress(ProcessLookupError):
                os.kill(front.process, signal.SIGTERM)
        until = time.monotonic() + self._settings.query_seconds + 4
        waiting = {front.process for front in self._fronts}
        code = 0
        while waiting:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if process in waiting:
                waiting.discard(process)
                code = code or (1 if os.waitstatus_to_exitcode(status) else 0)
            elif not process:
                if time.monotonic() > until:
                    for one in waiting:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(one, signal.SIGKILL)
                time.sleep(0.02)
        if self._nursery:
            self._nursery[0].close()
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
        return code


def _front(
    settings: Settings,
    listener: socket.socket,
    control: socket.socket,
    make_app: Callable[[Settings, Site], WsgiApp],
    say: Say,
) -> None:
    """One process that speaks HTTP; ends by SIGTERM, or when the minder is gone."""
    import waitress.server
    from waitress import wasyncore

    site = Site()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches the minder too
    signal.signal(signal.SIGTERM, lambda *_: setattr(site, "draining", True))
    threading.Thread(target=_follow, args=(site, settings, control, say), daemon=True).start()
    channels: dict[int, Any] = {}
    # Tuned as SAFETY.md measured: with many threads, a high limit of connections, poll() and a
    # short time-out it alone held against slow and hostile clients without a proxy before it.
    # The look-ahead of one is what lets a handler see that its client has left.
    server = waitress.server.create_server(
        make_app(settings, site),
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
        clear_untrusted_proxy_headers=True,
        ident="foedera",
    )
    while not site.draining:
        wasyncore.loop(timeout=0.5, map=channels, use_poll=True, count=1)
    server.del_channel(channels)  # no new connections; the open ones may finish
    listener.close()
    until = time.monotonic() + settings.query_seconds + 3
    quiet = 0
    while quiet < 3 and time.monotonic() < until:
        wasyncore.loop(timeout=0.05, map=channels, use_poll=True, count=1)
        busy = any(
            channel.requests or channel.total_outbufs_len
            for channel in server.active_channels.values()
        )
        quiet = 0 if busy else quiet + 1
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)


def _follow(site: Site, settings: Settings, control: socket.socket, say: Say) -> None:
    """Take releases from the minder, one after the other; its end is ours."""
    while True:
        try:
            message, descriptors, _, _ = socket.recv_fds(control, 65_536, 1)
        except OSError:
            message, descriptors = b"", []
        if not message or not descriptors:
            site.draining = True
            return
        content = json.loads(message)
        connection = socket.socket(fileno=descriptors[0])
        what = release.Release(
            Path(content["release"]),
            json.loads((Path(content["release"]) / "manifest.json").read_text(encoding="utf-8")),
        )
        pool = Pool(connection, lanes(settings), settings.query_seconds, settings.query_memory)
        try:
            pool.warm()
        except FoederaError as fault:
            say(str(fault))
            continue
        site.problem = content["problem"]
        site.change(Live(what, _numbers(what), pool))
        with contextlib.suppress(OSError):
            control.sendall(b"ready")
