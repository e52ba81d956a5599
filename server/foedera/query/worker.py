"""The worker's side: takes calls one by one, runs them over the release, writes frames back.

Text goes in, serialised bytes come out. The worker may be killed at any moment; it holds nothing
that anybody would miss.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from foedera.errors import EngineFailed, FoederaError
from foedera.query import wire
from foedera.stores.base import Store

_PART = 32_768
_PATIENCE = 0.1


class Reply:
    """Where an operation writes its answer: the head first, then bytes."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._before = b""
        self._parts: list[bytes] = []
        self._held = 0
        self._last: dict[str, Any] = {}
        self._sent = time.monotonic()

    def head(self, content: Mapping[str, Any]) -> None:
        """Say what is coming: media type and so on, as JSON; it leaves with the first part."""
        self._before = wire.framed(wire.HEAD, wire.packed(content))

    def write(self, part: bytes) -> int:
        """Add bytes; they leave in parts of some size, or when some time has gone by."""
        self._parts.append(bytes(part))
        self._held += len(part)
        if self._held >= _PART or time.monotonic() - self._sent > _PATIENCE:
            self.flush()
        return len(part)

    def add(self, **content: Any) -> None:
        """Say more of the answer, at its end: what only then is known."""
        self._last |= content

    def end(self) -> None:
        """Send what is left, and that this is all: at once, so that the other side wakes once."""
        end = wire.framed(wire.END, wire.packed(self._last))
        self._connection.sendall(self._taken() + end)

    def flush(self) -> None:
        if self._held:
            self._connection.sendall(self._taken())
        self._sent = time.monotonic()

    def _taken(self) -> bytes:
        """The frames that are to leave now."""
        data = wire.framed(wire.DATA, b"".join(self._parts)) if self._held else b""
        taken, self._before = self._before + data, b""
        self._parts.clear()
        self._held = 0
        return taken


Operation = Callable[[Store, dict[str, Any], Reply], None]


def run(
    connection: socket.socket,
    store: Store,
    operations: Mapping[str, Operation],
    memory: int,
) -> None:
    """Answer calls until the other side closes. ``memory`` is what calls may take, in bytes.

    Each call carries ``seconds``: past them (and some grace) the kernel ends this process, even
    if the server that should have done so hangs.
    """
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    limit_memory(memory)
    reader = wire.Reader(connection)
    while True:
        try:
            frame = reader.wait()
        except OSError:
            return
        if frame is None:
            return
        call = json.loads(frame[1])
        _limit_processor(float(call.get("seconds", 10.0)))
        reply = Reply(connection)
        try:
            operations[call["operation"]](store, call, reply)
            reply.end()
        except FoederaError as fault:
            _tell(connection, fault)
        except (BrokenPipeError, ConnectionError):
            return
        except Exception as fault:  # a worker that met the unexpected says so, and goes on
            _tell(
                connection,
                EngineFailed(
                    f"The engine stopped with {type(fault).__name__}",
                    "If this comes again for the same question, please report it.",
                ),
            )


def _end_with(connection: socket.socket) -> None:
    """End this process when the other side is gone: the engine cannot be told to stop."""
    hung_up = select.poll()
    hung_up.register(connection, 0)
    hung_up.poll()
    os._exit(0)


def _tell(connection: socket.socket, fault: FoederaError) -> None:
    content = {
        "error": type(fault).__name__,
        "detail": fault.detail,
        "hint": fault.hint,
        "retry_after": fault.retry_after,
    }
    with contextlib.suppress(ConnectionError):
        wire.send_json(connection, wire.FAULT, content)


def limit_memory(more: int) -> None:
    """Bound the address space: what is mapped now, and ``more`` bytes; no bound is ever raised."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:
            mapped = int(stream.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # no /proc on this system: the deadline alone must do
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = mapped + more if hard == resource.RLIM_INFINITY else min(mapped + more, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _limit_processor(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime + seconds * 2) + 2
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or until <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (until, hard))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
