"""The server's side of its workers: lends one for a call, bounds it, and kills what overstays."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from foedera import errors
from foedera.errors import EngineFailed, TimedOut, Unavailable
from foedera.query import wire

_GLANCE = 0.1
"""How often a wait looks whether the client is still there, in seconds."""

HOLD_BACK = 65_536
"""Bytes of an answer kept until more comes or it ends, so that an early failure is told."""

Gone = Callable[[], bool]


@dataclass(frozen=True)
class Lane:
    """A share of the workers: how many, how many calls may wait for one, and for how long."""

    workers: int
    queue: int
    patience: float


class _Worker:
    def __init__(self, connection: socket.socket, handle: int, process: int) -> None:
        self.connection = connection
        self.reader = wire.Reader(connection)
        self._handle = handle
        self._process = process

    def end(self, kill: bool) -> None:
        """Close the connection, on which an idle worker leaves; or kill it at once."""
        if kill:
            try:
                if self._handle >= 0:
                    signal.pidfd_send_signal(self._handle, signal.SIGKILL)
                elif not hasattr(signal, "pidfd_send_signal"):
                    os.kill(self._process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wire.hang_up(self.connection)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Answer:
    """What a worker answers: the head, and its bytes as they come.

    ``whole`` tells that everything is here. Iterating past what is held raises TimedOut or
    EngineFailed; `close` must be called, and ends the worker if it is still at work.
    """

    def __init__(self, pool: Pool, lane: str, worker: _Worker, until: float, gone: Gone) -> None:
        self._pool = pool
        self._lane = lane
        self._worker: _Worker | None = worker
        self._until = until
        self._gone = gone
        self._parts: list[bytes] = []
        self._size = 0
        self.head: dict[str, Any] = {}
        self.whole = False

    def begin(self) -> Answer:
        """Take the head and the first part. Raises what the worker raised, or TimedOut."""
        try:
            while not self.whole and self._size < HOLD_BACK:
                self._next()
        except BaseException:
            self.close()
            raise
        return self

    def __iter__(self) -> Iterator[bytes]:
        try:
            while True:
                yield from self._parts
                self._parts.clear()
                if self.whole:
                    return
                self._next()
        finally:
            self.close()

    def body(self) -> bytes:
        """All of it."""
        return b"".join(self)

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            self._pool.give_back(self._lane, worker, sound=self.whole)

    def _next(self) -> None:
        worker = self._worker
        if worker is None:
            raise EngineFailed("The answer was closed before its end")
        self._await(worker)
        kind, payload = worker.reader.take()
        if kind == wire.DATA:
            self._parts.append(payload)
            self._size += len(payload)
        elif kind == wire.HEAD:
            self.head = json.loads(payload)
        elif kind == wire.END:
            self.whole = True
            self.close()
        else:
            self.whole = True
            self.close()
            fault = json.loads(payload)
            family = errors.BY_NAME.get(fault["error"], EngineFailed)
            raise family(fault["detail"], fault["hint"], fault["retry_after"])

    def _await(self, worker: _Worker) -> None:
        poll = select.poll()
        poll.register(worker.connection, select.POLLIN)
        while not worker.reader.buffered():
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimedOut(
                    f"The query ran for longer than {self._pool.seconds:g} seconds and was ended",
                    "Ask for less: add a LIMIT, bind more of the pattern, avoid cross products.",
                    retry_after=1,
                )
            if poll.poll(min(left, _GLANCE) * 1000):
                if not worker.reader.fill():
                    raise EngineFailed(
                        "The query ended its worker: it needs more memory than a query may take "
                        f"({self._pool.memory} MB), or nests too deep for the engine",
                        "Ask for less: add a LIMIT, drop an ORDER BY or DISTINCT, split it.",
                    )
            elif self._gone():
                raise Unavailable("The client left")


class Pool:
    """The workers of one release, as one server process has them; safe for its threads.

    Its connection to the nursery closes with the pool, or when nobody refers to it any more: a
    request that began on a release may ask for a worker after the release was replaced.
    """

    def __init__(
        self,
        nursery: socket.socket,
        lanes: Mapping[str, Lane],
        seconds: float,
        memory: int,
    ) -> None:
        self._nursery = nursery
        self._lanes = dict(lanes)
        self._idle: dict[str, list[_Worker]] = {name: [] for name in lanes}
        self._out = dict.fromkeys(lanes, 0)
        self._waiting = dict.fromkeys(lanes, 0)
        self._lock = threading.Lock()
        self._freed = {name: threading.Condition(self._lock) for name in lanes}
        self._births = threading.Lock()
        self._retired = False
        self._part = weakref.finalize(self, wire.hang_up, nursery)
        self.seconds = seconds
        self.memory = memory

    def warm(self) -> None:
        """Have every lane's workers ready, so that nobody waits for the first ones."""
        for name, lane in self._lanes.items():
            fresh = [self._born(name) for _ in range(lane.workers)]
            with self._lock:
                self._idle[name] += fresh

    def call(
        self,
        lane: str,
        operation: str,
        arguments: Mapping[str, Any],
        seconds: float | None = None,
        gone: Gone = lambda: False,
    ) -> Answer:
        """Run an operation in a worker of a lane; the answer's first part is good.

        Raises what the operation raises, TimedOut past ``seconds``, EngineFailed when the worker
        ends by itself, Unavailable when too many wait already or the client has left.
        """
        seconds = self.seconds if seconds is None else min(seconds, self.seconds)
        content = {"operation": operation, "seconds": seconds, **arguments}
        for _ in range(self._lanes[lane].workers + 1):
            worker = self._borrow(lane, gone)
            answer = Answer(self, lane, worker, time.monotonic() + seconds, gone)
            # Past its end the socket of a worker says how it ended: broken, or reset with the call
            # unread, when it died while idle, which is no fault of this call; else just closed.
            try:
                wire.send_json(worker.connection, wire.CALL, content)
                return answer.begin()
            except ConnectionError:
                answer.close()
        raise _starting()

    def _borrow(self, lane: str, gone: Gone) -> _Worker:
        share = self._lanes[lane]
        until = time.monotonic() + share.patience
        with self._lock:
            if self._waiting[lane] >= share.queue and not self._free(lane):
                raise Unavailable(
                    f"{share.workers} queries are being answered and {share.queue} wait already",
                    "Try again in a moment.",
                    retry_after=2,
                )
            self._waiting[lane] += 1
            try:
                while not self._free(lane):
                    left = until - time.monotonic()
                    if left <= 0:
                        raise Unavailable(
                            f"No worker was free within {share.patience:g} seconds",
                            "Try again in a moment.",
                            retry_after=5,
                        )
                    self._freed[lane].wait(min(left, 0.5))
                    if gone():
                        raise Unavailable("The client left")
            finally:
                self._waiting[lane] -= 1
            self._out[lane] += 1
            if self._idle[lane]:
                return self._idle[lane].pop()
        try:
            return self._born(lane)
        except BaseException:
            with self._lock:
                self._out[lane] -= 1
                self._freed[lane].notify()
            raise

    def _free(self, lane: str) -> bool:
        return self._out[lane] < self._lanes[lane].workers

    def _born(self, lane: str) -> _Worker:
        with self._births:
            try:
                self._nursery.sendall(lane.encode())
                message, descriptors, _, _ = socket.recv_fds(self._nursery, 64, 2)
            except OSError:
                message, descriptors = b"", []
        if not descriptors:
            raise _starting()
        connection = socket.socket(fileno=descriptors[0])
        return _Worker(connection, descriptors[1] if len(descriptors) > 1 else -1, int(message))

    def give_back(self, lane: str, worker: _Worker, sound: bool) -> None:
        """Take a worker back; one that is not sound is killed, and its place is free at once."""
        with self._lock:
            self._out[lane] -= 1
            keep = sound and not self._retired
            if keep:
                self._idle[lane].append(worker)
            self._freed[lane].notify()
        if not keep:
            worker.end(kill=not sound)

    def retire(self) -> None:
        """Let the idle workers go; those at work finish and follow, as do those still wanted."""
        with self._lock:
            self._retired = True
            idle = [worker for workers in self._idle.values() for worker in workers]
            for workers in self._idle.values():
                workers.clear()
        for worker in idle:
            worker.end(kill=False)

    def close(self) -> None:
        """Retire, and leave the nursery: no more workers are wanted."""
        self.retire()
        self._part()


def _starting() -> Unavailable:
    return Unavailable(
        "The workers are being started again", "Try again in a moment.", retry_after=1
    )
