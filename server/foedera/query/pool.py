"""The server's side of its workers: lends one for a call, bounds it, and kills what overstays."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import socket
import tempfile
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

from foedera import errors
from foedera.errors import EngineFailed, FoederaError, TimedOut, Unavailable
from foedera.query import wire
from foedera.query.allowance import Allowance, Turn, too_many
from foedera.query.turns import Turns

_GLANCE = 0.1
"""How often a wait looks whether the client is still there, in seconds."""

_IN_MEMORY = 1_000_000
"""Bytes of an answer that is held whole; what is larger waits for its reader in a file."""

HOLD_BACK = 65_536
"""Bytes of an answer kept until more comes or it ends, so that an early failure is told."""

Gone = Callable[[], bool]


@dataclass(frozen=True)
class Lane:
    """A share of the workers: how many, how many calls may wait for one, and for how long.

    What is called for in a lane that is ``metered`` goes against the client's allowance. A call
    may take ``seconds``, where that is another time than in other lanes. ``calls`` is what they are
    in words. The workers are there ``ahead`` of the first call, unless that is seldom made.
    """

    workers: int
    queue: int
    patience: float
    metered: bool = False
    seconds: float | None = None
    calls: str = "queries"
    ahead: bool = True


class _Worker:
    def __init__(self, connection: socket.socket, handle: int, process: int) -> None:
        self.connection = connection
        self.reader = wire.Reader(connection)
        self._handle = handle
        self._process = process
        self.client = ""
        self.since = 0.0
        self.turn: Turn | None = None

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

    ``whole`` tells that everything is here, ``size`` how many bytes that is. Iterating past what
    is held raises TimedOut or EngineFailed; `close` must be called, and ends the worker if it is
    still at work.
    """

    def __init__(self, pool: Pool, lane: str, worker: _Worker, until: float, gone: Gone) -> None:
        self._pool = pool
        self._lane = lane
        self._worker: _Worker | None = worker
        self._until = until
        self._seconds = until - time.monotonic()
        self._gone = gone
        self._parts: list[bytes] = []
        self._spool: IO[bytes] | None = None
        self._ending = threading.Lock()
        self._expired: socket.socket | None = None
        self.size = 0
        self.head: dict[str, Any] = {}
        self.whole = False

    def begin(self) -> Answer:
        """Take the head and the first part. Raises what the worker raised, or TimedOut."""
        return self.gather(HOLD_BACK - 1)

    def gather(self, most: int) -> Answer:
        """Take more of it: all, where that is at most ``most`` bytes.

        Raises TimedOut or EngineFailed.
        """
        try:
            while not self.whole and self.size <= most:
                self._next()
        except BaseException:
            self.close()
            raise
        return self

    def hold(self) -> Answer:
        """Take all of it, so that who reads it slowly keeps no worker; what is large, in a file.

        Raises TimedOut, EngineFailed, or Unavailable where there is no room for it.
        """
        if not self.whole:
            self._spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
            try:
                while self._worker:
                    self._next()
                    self._keep(self._spool)
                self._spool.seek(0)
            except BaseException:
                self.close()
                raise
        return self

    def open_with(self, part: bytes) -> None:
        """Have an answer that is whole begin with this, in place of its first byte."""
        self.size += len(part) - 1
        if self._spool:
            self._spool.seek(1)
            self._parts = [part]
        else:
            self._parts[0] = part + self._parts[0][1:]

    def _keep(self, spool: IO[bytes]) -> None:
        try:
            spool.writelines(self._parts)
        except OSError as fault:
            raise Unavailable(
                f"There is no room here for this answer: {fault.strerror}", "Ask for less."
            ) from None
        self._parts.clear()

    def __iter__(self) -> Iterator[bytes]:
        if self._spool:
            with self._spool:
                yield from self._parts
                yield from iter(partial(self._spool.read, HOLD_BACK), b"")
            return
        # One that reads slowly, or not at all, must not keep the worker past its time.
        end = threading.Timer(max(0.0, self._until - time.monotonic()), self._expire)
        end.daemon = True
        if not self.whole:
            end.start()
        try:
            while True:
                yield from self._parts
                self._parts.clear()
                if self.whole:
                    return
                self._next()
        finally:
            end.cancel()
            self.close()
            if self._expired:
                self._expired.close()

    def body(self) -> bytes:
        """All of it."""
        return b"".join(self)

    def close(self) -> None:
        self._let_go()
        if self._spool:
            self._spool.close()

    def _let_go(self, expired: bool = False) -> None:
        with self._ending:
            worker, self._worker = self._worker, None
            if worker is None:
                return
            if expired:
                self._expired, worker.connection = worker.connection, worker.connection.dup()
        self._pool.give_back(self._lane, worker, sound=self.whole)

    def _expire(self) -> None:
        """End the worker although another thread may be reading from it: that one meets the end of
        the stream, and closes the connection, whose number would else be another one's at once."""
        self._let_go(expired=True)

    def _next(self) -> None:
        worker = self._worker
        if worker is None and time.monotonic() >= self._until:
            raise self._timed_out()
        if worker is None:
            raise EngineFailed("The answer was closed before its end")
        self._await(worker)
        kind, payload = worker.reader.take()
        if kind == wire.DATA:
            self._parts.append(payload)
            self.size += len(payload)
        elif kind == wire.HEAD:
            self.head = json.loads(payload)
        elif kind == wire.END:
            self.whole = True
            self.head |= json.loads(payload)
            self._let_go()
        else:
            self.whole = True
            self._let_go()
            fault = json.loads(payload)
            family = errors.BY_NAME.get(fault["error"], EngineFailed)
            raise family(fault["detail"], fault["hint"], fault["retry_after"])

    def _await(self, worker: _Worker) -> None:
        poll = select.poll()
        poll.register(worker.connection, select.POLLIN)
        while not worker.reader.buffered():
            left = self._until - time.monotonic()
            if left <= 0:
                raise self._timed_out()
            if poll.poll(min(left, _GLANCE) * 1000):
                if not worker.reader.fill():
                    if time.monotonic() >= self._until:  # it was closed at the end of its time
                        raise self._timed_out()
                    raise EngineFailed(
                        "The query ended its worker: it needs more memory than a query may take "
                        f"({self._pool.memory} MB), or nests too deep for the engine",
                        "Ask for less: add a LIMIT, drop an ORDER BY or DISTINCT, split it.",
                    )
            elif self._gone():
                raise Unavailable("The client left")

    def _timed_out(self) -> TimedOut:
        return TimedOut(
            f"The query ran for longer than {self._seconds:.3g} seconds and was ended",
            "Ask for less: add a LIMIT, bind more of the pattern, avoid cross products.",
            retry_after=1,
        )


@dataclass(eq=False)
class _Waiter:
    """A call that waits for a worker, until it is told that one is its own."""

    client: str
    seconds: float
    told: threading.Condition
    served: bool = False
    turn: Turn | None = None


class _Line:
    """A lane at work: who waits, what is idle, and who has how many of its workers."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.lock = threading.Lock()
        self.waiting: Turns[_Waiter] = Turns()
        self.idle: list[_Worker] = []
        self.busy: set[_Worker] = set()
        self.out = 0
        self.held: Counter[str] = Counter()
        self.usual = 0.0

    def worth_waiting(self, calls: int) -> int:
        """Whole seconds in which so many calls are likely to be answered, as things go now."""
        now = time.monotonic()
        each = max([self.usual, *(now - worker.since for worker in self.busy)])
        wait = math.ceil(each * calls / self.lane.workers)
        return max(1, min(wait, math.ceil(self.lane.patience)))


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
        allowance: Allowance | None = None,
    ) -> None:
        self._nursery = nursery
        self._lines = {name: _Line(lane) for name, lane in lanes.items()}
        self._allowance = allowance
        self._births = threading.Lock()
        self._retired = False
        self._part = weakref.finalize(self, wire.hang_up, nursery)
        self.seconds = seconds
        self.memory = memory

    def warm(self) -> None:
        """Have every lane's workers ready, so that nobody waits for the first ones."""
        for name, line in self._lines.items():
            if line.lane.ahead:
                self.ready(name)

    def ready(self, lane: str) -> None:
        """Have the workers of a lane ready: a call of it is likely to come."""
        line = self._lines[lane]
        with line.lock:
            if not self._retired:
                missing = line.lane.workers - line.out - len(line.idle)
                line.idle += [self._born(lane) for _ in range(missing)]

    def call(
        self,
        lane: str,
        operation: str,
        arguments: Mapping[str, Any],
        seconds: float | None = None,
        gone: Gone = lambda: False,
        client: str = "",
        whole: bool = False,
    ) -> Answer:
        """Run an operation in a worker of a lane; the answer's first part is good, or all of it.

        ``client`` is who asks: clients have their turns one after the other, and in a metered
        lane each has its allowance. The empty one is ourselves, who have no limit.

        Raises what the operation raises, TimedOut past ``seconds``, EngineFailed when the worker
        ends by itself, TooMany when the client has had its share, Unavailable when too many wait
        already or the client has left.
        """
        most = self._lines[lane].lane.seconds or self.seconds
        seconds = most if seconds is None else min(seconds, most)
        content = {"operation": operation, "seconds": seconds, **arguments}
        for _ in range(self._lines[lane].lane.workers + 1):
            worker = self._borrow(lane, client, seconds, gone)
            answer = Answer(self, lane, worker, time.monotonic() + seconds, gone)
            # Past its end the socket of a worker says how it ended: broken, or reset with the call
            # unread, when it died while idle, which is no fault of this call; else just closed.
            try:
                wire.send_json(worker.connection, wire.CALL, content)
                answer.begin()
                return answer.hold() if whole else answer
            except ConnectionError:
                answer.close()
            except FoederaError as fault:
                self._note(lane, client, fault)
                raise
        raise _starting()

    def _account(self, line: _Line, client: str) -> Allowance | None:
        """What a client's calls in a lane go against."""
        return self._allowance if client and line.lane.metered else None

    def _note(self, lane: str, client: str, fault: FoederaError) -> None:
        """Put an error to the client's account, unless it is ours, or the client has left."""
        account = self._account(self._lines[lane], client)
        if account and (isinstance(fault, TimedOut) or not isinstance(fault, Unavailable)):
            account.failed(client)

    def _borrow(self, lane: str, client: str, seconds: float, gone: Gone) -> _Worker:
        line = self._lines[lane]
        waiter = _Waiter(client, seconds, threading.Condition(line.lock))
        with line.lock:
            line.waiting.add(client, waiter)
            try:
                self._serve(line)
                self._wait(line, waiter, gone)
            except BaseException:
                line.waiting.remove(client, waiter)
                raise
            worker = line.idle.pop() if line.idle else None
        try:
            worker = worker or self._born(lane)
        except BaseException:
            self._settle(line, client, waiter.turn)
            raise
        worker.client, worker.turn, worker.since = client, waiter.turn, time.monotonic()
        with line.lock:
            line.busy.add(worker)
        return worker

    def _wait(self, line: _Line, waiter: _Waiter, gone: Gone) -> None:
        """Wait until served. Raises TooMany or Unavailable when that is not to be."""
        until = time.monotonic() + line.lane.patience
        account = self._account(line, waiter.client)
        mine, all_ = line.waiting.of(waiter.client), len(line.waiting)
        while not waiter.served:
            if account:
                account.check(waiter.client)
                if account.queue and mine > account.queue:
                    raise too_many(
                        f"{account.queue} of your queries wait already",
                        "send fewer at the same time",
                        line.worth_waiting(mine),
                    )
            if all_ > line.lane.queue:
                raise Unavailable(
                    f"{line.out} {line.lane.calls} are being answered and {line.lane.queue} wait "
                    "already",
                    "Try again in a moment.",
                    retry_after=line.worth_waiting(all_),
                )
            left = until - time.monotonic()
            if left <= 0 and line.out < line.lane.workers:
                raise too_many(
                    f"Your other queries have had all the workers that a client may have for "
                    f"{line.lane.patience:g} seconds",
                    "send fewer at the same time",
                    line.worth_waiting(mine),
                )
            if left <= 0:
                raise Unavailable(
                    f"No worker was free within {line.lane.patience:g} seconds",
                    "Try again in a moment.",
                    retry_after=line.worth_waiting(all_),
                )
            waiter.told.wait(min(left, _GLANCE))
            if not waiter.served:
                if gone():
                    raise Unavailable("The client left")
                self._serve(line)  # the client may have got a worker back in another process

    def _serve(self, line: _Line) -> None:
        """Tell those whose turn it is that they have a worker."""
        while line.out < line.lane.workers:
            waiter = line.waiting.take(lambda one: self._may_have_one(line, one))
            if waiter is None:
                return
            line.out += 1
            line.held[waiter.client] += 1
            waiter.served = True
            waiter.told.notify()

    def _may_have_one(self, line: _Line, waiter: _Waiter) -> bool:
        account = self._account(line, waiter.client)
        if account is None:
            return True
        share = max(1, line.lane.workers - 1)  # one is left for somebody else
        if account.workers and line.held[waiter.client] >= share:
            return False
        waiter.turn = account.begin(waiter.client, waiter.seconds)
        return waiter.turn is not None

    def _settle(self, line: _Line, client: str, turn: Turn | None) -> None:
        """A client has one worker less, and somebody else may have one more."""
        if turn and self._allowance:
            self._allowance.end(turn)
        with line.lock:
            line.out -= 1
            line.held[client] -= 1
            if not line.held[client]:
                del line.held[client]
            self._serve(line)

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
        line = self._lines[lane]
        client, turn = worker.client, worker.turn
        with line.lock:
            line.busy.discard(worker)
            line.usual += (time.monotonic() - worker.since - line.usual) / 8
            keep = sound and not self._retired
            if keep:
                line.idle.append(worker)
        self._settle(line, client, turn)
        if not keep:
            worker.end(kill=not sound)

    def retire(self) -> None:
        """Let the idle workers go; those at work finish and follow, as do those still wanted."""
        self._retired = True
        idle = []
        for line in self._lines.values():
            with line.lock:
                idle += line.idle
                line.idle.clear()
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
