"""What one client may have of the workers: so many at a time, so much of their time a minute.

All HTTP processes of a site share one account of it, in memory that was mapped before they were
forked. Nobody has to clean up after a process that was killed: a running query stands in the
account as the moment by which it has surely ended, and the kernel lets go of the lock.

A budget by the minute is one number, the moment by which all that was spent is made up for: what
is spent moves it on, and time goes after it (the generic cell rate algorithm, ITU-T I.371). A
client may so spend a minute's worth at once, and then as much as time gives back.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import math
import mmap
import os
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from foedera.errors import TooMany

_MINUTE = 60.0

_SETS = 512
_WAYS = 8
"""The account has a set of places for each remainder of a client's hash: 4,096 clients at once."""

_KEYS = struct.Struct(f"{_WAYS}Q")

_GRACE = 1.0
"""Seconds past its deadline until a query has ended, even if nobody says so."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A worker that a client has, since when, and what stands for it in the account."""

    client: str
    since: float
    place: int
    until: float


class Allowance:
    """The account of what clients have spent. To be made before the processes that share it.

    Of the four limits each may be 0, which is none: ``workers`` that a client has at a time,
    ``seconds`` of them a minute, ``errors`` a minute, and a ``queue`` of its queries that wait.
    """

    def __init__(self, workers: int, seconds: float, errors: int, queue: int) -> None:
        self.workers = workers
        self.seconds = seconds
        self.errors = errors
        self.queue = queue
        self._record = struct.Struct(f"2d{workers}d")
        self._set = _KEYS.size + _WAYS * self._record.size
        self._table = mmap.mmap(-1, _SETS * self._set)
        self._file = _empty_file()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the account in this process."""
        self._table.close()
        self._file.close()

    def begin(self, client: str, seconds: float) -> Turn | None:
        """A worker for a query of so many seconds; None while the client may have no more."""
        now = time.monotonic()
        with self._alone():
            at = self._find(client)
            paid, good, *ends = self._record.unpack_from(self._table, at)
            if self._wait_for_time(paid - now) > 0 or self._wait_for_errors(good - now) > 0:
                return None
            if not self.workers:
                return Turn(client, now, -1, 0.0)
            place = min(range(self.workers), key=ends.__getitem__)
            if ends[place] > now:
                return None
            ends[place] = now + seconds + _GRACE
            self._record.pack_into(self._table, at, paid, good, *ends)
            return Turn(client, now, place, ends[place])

    def end(self, turn: Turn) -> None:
        """The worker is free again; the client pays for the time that it was not."""
        now = time.monotonic()
        with self._alone():
            at = self._find(turn.client)
            paid, good, *ends = self._record.unpack_from(self._table, at)
            if self.seconds:
                paid = max(paid, now) + (now - turn.since) * _MINUTE / self.seconds
            if turn.place >= 0 and ends[turn.place] == turn.until:
                ends[turn.place] = 0.0
            self._record.pack_into(self._table, at, paid, good, *ends)

    def failed(self, client: str) -> None:
        """A query of the client met an error that is its own."""
        if not self.errors:
            return
        now = time.monotonic()
        with self._alone():
            at = self._find(client)
            paid, good, *ends = self._record.unpack_from(self._table, at)
            good = max(good, now) + _MINUTE / self.errors
            self._record.pack_into(self._table, at, paid, good, *ends)

    def check(self, client: str) -> None:
        """Raises TooMany when the client has spent its time or its errors."""
        now = time.monotonic()
        with self._alone():
            paid, good, *_ = self._record.unpack_from(self._table, self._find(client))
        wait = self._wait_for_time(paid - now)
        if wait > 0:
            raise too_many(
                f"Your queries have used up the {self.seconds:g} seconds that a client has in a "
                "minute",
                "ask for less at a time",
                math.ceil(wait),
            )
        wait = self._wait_for_errors(good - now)
        if wait > 0:
            raise too_many(
                f"Your queries have met more errors than the {self.errors} that a client has in "
                "a minute",
                "read what the errors say first",
                math.ceil(wait),
            )

    def _wait_for_time(self, owed: float) -> float:
        """What a query will take is not known: it may begin unless all is spent."""
        return owed - _MINUTE if self.seconds else 0.0

    def _wait_for_errors(self, owed: float) -> float:
        """One more error must be left."""
        return owed + _MINUTE / self.errors - _MINUTE if self.errors else 0.0

    def _find(self, client: str) -> int:
        """Where the record of a client is.

        One that has none gets the place of whoever owes nothing, or the least. The hash is the
        same in processes forked from one, and nobody outside can tell who shares a set.
        """
        key = hash(client) & 0xFFFF_FFFF_FFFF_FFFF or 1
        base = key % _SETS * self._set
        records = base + _KEYS.size
        keys = _KEYS.unpack_from(self._table, base)
        if key in keys:
            return records + keys.index(key) * self._record.size
        places = range(records, base + self._set, self._record.size)
        at = min(places, key=lambda at: max(self._record.unpack_from(self._table, at)))
        self._record.pack_into(self._table, at, *[0.0] * (2 + self.workers))
        struct.pack_into("Q", self._table, base + places.index(at) * 8, key)
        return at

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep out the other threads, and then the other processes."""
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def _empty_file() -> IO[bytes]:
    """A file that nobody else can name: where there is such a thing, in memory."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("foedera"), "w+b")
    return tempfile.TemporaryFile()


def too_many(what: str, cure: str, seconds: int) -> TooMany:
    """The error for a client that has had its share."""
    return TooMany(
        what,
        f"Come again in {seconds} seconds, and {cure}. All who come from one address count as "
        "one client.",
        retry_after=seconds,
    )


def client(address: str) -> str:
    """Whom an address counts as: IPv6 by the network of 64 bits, which one household has whole."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))
