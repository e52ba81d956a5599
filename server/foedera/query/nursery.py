"""A small process that holds one release and forks workers from it on demand.

It has one thread and speaks to nobody outside. A release that fits the memory budget is loaded
once, here, and every worker shares it by copy-on-write; a larger one is opened by each worker
for itself, since an on-disk store must never be open across a fork. Where the kernel allows it,
this process and its workers have a network of their own, with nothing in it: a query that got
past every other fence would still reach no one.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from foedera.errors import EngineFailed
from foedera.query import worker
from foedera.stores.base import Store
from foedera.stores.embedded import EmbeddedStore

if TYPE_CHECKING:
    from foedera.stores.endpoint import Endpoint

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Plan:
    """What a nursery needs to know: the release, and how to keep it.

    The workers of the lanes in ``network`` can reach other machines; it is empty unless they must.
    With an ``engine``, which holds the release in the place of this process, all can. What the
    workers of a lane ``prepare`` comes before their first call.
    """

    release: Path
    in_memory: bool
    worker_memory: int
    niceness: Mapping[str, int]
    operations: Mapping[str, worker.Operation]
    network: frozenset[str] = frozenset()
    engine: Endpoint | None = None
    prepare: Mapping[str, Callable[[Store], None]] = field(default_factory=dict)


def run(control: socket.socket, plan: Plan, say: Callable[[str], None]) -> None:
    """Serve until the control socket and all connections that came through it are closed.

    On ``control`` come the server processes' connections, one file descriptor each; on such a
    connection comes the name of a lane for each worker wanted, and back go the worker's socket,
    its pidfd where there are such, and its process id. Raises EngineFailed when the release
    cannot be opened.
    """
    die_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    isolated = not plan.network and plan.engine is None and leave_network()
    _keep(plan.release)
    held = _hold(plan)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps: no worker becomes a zombie
    gc.collect()
    gc.freeze()  # a collection in a worker would touch, and so copy, every shared page
    where = "in memory" if held else "on disk"
    if plan.engine:
        where = f"by the engine at {plan.engine.url}"
    network = "without network" if isolated else "with the network of this machine"
    if plan.network and not plan.engine:
        network = f"without network, but for {' and '.join(sorted(plan.network))}"
    say(f"release {plan.release.name} is held {where}; workers run {network}")
    try:
        control.sendall(b"ready")
    except ConnectionError:  # another release is wanted by now
        return
    clients: dict[int, socket.socket] = {}
    poll = select.poll()
    poll.register(control, select.POLLIN)
    wanted = True
    while wanted or clients:
        for descriptor, _ in poll.poll():
            if descriptor == control.fileno():
                message, descriptors, _, _ = socket.recv_fds(control, 64, 4)
                if not message:
                    poll.unregister(control)
                    wanted = False
                for one in descriptors:
                    clients[one] = socket.socket(fileno=one)
                    poll.register(one, select.POLLIN)
                continue
            client = clients[descriptor]
            try:
                lane = client.recv(64).decode()
            except OSError:
                lane = ""
            if not lane:
                poll.unregister(descriptor)
                clients.pop(descriptor).close()
                continue
            _fork(client, lane, plan, held, [control, *clients.values()])


def _keep(release: Path) -> None:
    """Lock the release against being pruned, as long as this process or a worker lives."""
    with contextlib.suppress(OSError):
        fcntl.flock(os.open(release, os.O_RDONLY), fcntl.LOCK_SH | fcntl.LOCK_NB)


def _hold(plan: Plan) -> Store | None:
    """Load the release; or, where workers will open it on disk, see in a child that they can.

    An engine is not asked: whether it is there is for each call to find out.
    """
    if plan.engine:
        from foedera.stores.remote import RemoteStore

        return RemoteStore.open(plan.release, plan.engine)
    try:
        if plan.in_memory:
            held = EmbeddedStore.load(plan.release)
            if len(held.store) != held.manifest["quads"]:
                raise ValueError(f"{len(held.store)} of {held.manifest['quads']} quads are there")
            held.graphs, held.documents, held.mentioned, held.numbers  # noqa: B018  for all workers
            return held
        child = os.fork()
        if child == 0:
            try:
                EmbeddedStore.open(plan.release)
                os._exit(0)
            except OSError as fault:
                print(f"foedera: {fault}", file=sys.stderr)
            finally:
                os._exit(1)
        if os.waitpid(child, 0)[1]:
            raise ValueError("its store is damaged")
        return None
    except (OSError, ValueError, SyntaxError) as fault:
        raise EngineFailed(f"Release {plan.release.name} cannot be opened: {fault}") from None


def _fork(
    client: socket.socket,
    lane: str,
    plan: Plan,
    held: Store | None,
    inherited: list[socket.socket],
) -> None:
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    try:
        child = os.fork()
    except OSError as fault:
        print(f"nursery: no worker can be started: {fault.strerror}", file=sys.stderr)
        ours.close()
        theirs.close()
        with contextlib.suppress(OSError):
            client.sendall(b"none")
        return
    if child == 0:
        code = 0
        try:
            die_with_parent()
            if os.getppid() != parent:  # it died before the kernel was asked
                os._exit(0)
            for one in (*inherited, ours):
                one.close()
            os.nice(plan.niceness.get(lane, 0))
            if plan.network and lane not in plan.network and plan.engine is None:
                leave_network()
            store = held or EmbeddedStore.open(plan.release)
            if lane in plan.prepare:
                plan.prepare[lane](store)
            worker.run(theirs, store, plan.operations, plan.worker_memory)
        except BaseException as fault:
            print(f"worker: {type(fault).__name__}: {fault}", file=sys.stderr)
            code = 1
        finally:
            os._exit(code)
    theirs.close()
    descriptors = [ours.fileno()]
    handle = -1
    if hasattr(os, "pidfd_open"):
        try:
            handle = os.pidfd_open(child)
            descriptors.append(handle)
        except OSError:  # it ended already; its socket will say so
            pass
    with contextlib.suppress(OSError):
        socket.send_fds(client, [str(child).encode()], descriptors)
    ours.close()
    if handle >= 0:
        os.close(handle)


def die_with_parent() -> None:
    """Ask the kernel to end this process with the one that made it (Linux; elsewhere nothing)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def leave_network() -> bool:
    """Move this process into an empty network of its own; False where the kernel refuses."""
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (OSError, AttributeError):
        return False
    return any(unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET))
