"""Work done in a child that can be killed: without a network, in bounded time and memory."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from foedera import errors
from foedera.errors import CouldNotCheck, EngineFailed, FoederaError
from foedera.query import nursery, wire
from foedera.query.worker import limit_memory


@dataclass(frozen=True)
class Bounds:
    """What work may take: seconds, and bytes beside what this process has already."""

    seconds: float
    memory: int


def apart(work: Callable[[], dict[str, Any]], bounds: Bounds) -> dict[str, Any]:
    """What some work gives, done in a child; it is JSON, since what comes may be a stranger's.

    Raises what the work raises; TimeoutError past its time, and EOFError where it ends by itself.
    """
    ours, theirs = socket.socketpair()
    with ours:
        child = os.fork()
        if child == 0:
            ours.close()
            nursery.die_with_parent()
            nursery.leave_network()
            limit_memory(bounds.memory)
            gc.disable()  # it would walk through all of the data again and again
            tell(theirs, work)
        theirs.close()
        return heard(ours, child, bounds.seconds)


def tell(connection: socket.socket, work: Callable[[], dict[str, Any]]) -> None:
    """In a child: say what came of it, and end."""
    try:
        told: dict[str, Any] = {"done": work()}
    except FoederaError as fault:
        told = {"fault": vars(fault), "error": type(fault).__name__}
    except MemoryError:
        os._exit(1)
    except BaseException as fault:
        traceback.print_exc()
        words = f"The program failed: {type(fault).__name__}: {' '.join(str(fault).split())[:500]}"
        hint = "This is a mistake in the program, and nothing is known of what it was to look at."
        told = {"fault": {"detail": words, "hint": hint}, "error": "EngineFailed"}
    with contextlib.suppress(OSError):
        wire.send_json(connection, wire.END, told)
    os._exit(0)


def heard(connection: socket.socket, child: int, seconds: float | None) -> dict[str, Any]:
    """What a child said. Raises what it raised; TimeoutError, and EOFError where it said nothing;
    it has then ended."""
    reader = wire.Reader(connection)
    until = time.monotonic() + seconds if seconds else None
    frame = None
    try:
        while not reader.buffered():
            left = max(0.0, until - time.monotonic()) if until else None
            if not select.select([connection], [], [], left)[0]:
                raise TimeoutError
            if not reader.fill():
                raise EOFError
        frame = reader.take()
    finally:
        if frame is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    told: dict[str, Any] = json.loads(frame[1])
    return unpacked(told)


def unpacked(told: dict[str, Any]) -> dict[str, Any]:
    """What was done, or the error that was raised, raised again."""
    if "fault" in told:
        kinds = {**errors.BY_NAME, "CouldNotCheck": CouldNotCheck}
        raise kinds.get(told["error"], EngineFailed)(**told["fault"])
    done: dict[str, Any] = told["done"]
    return done
