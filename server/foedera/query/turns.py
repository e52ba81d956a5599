"""Who waits, and whose turn it is: one from each client, round and round."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Generic, TypeVar

Waiter = TypeVar("Waiter")


class Turns(Generic[Waiter]):
    """A queue that is fair: a client with many waiting delays another's first by one turn.

    It has no lock of its own.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Waiter]] = OrderedDict()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def of(self, client: str) -> int:
        """How many of a client wait."""
        return len(self._waiting.get(client, ()))

    def add(self, client: str, waiter: Waiter) -> None:
        self._waiting.setdefault(client, deque()).append(waiter)

    def remove(self, client: str, waiter: Waiter) -> None:
        """Let one leave who will not wait any longer."""
        line = self._waiting[client]
        line.remove(waiter)
        if not line:
            del self._waiting[client]

    def take(self, may: Callable[[Waiter], bool]) -> Waiter | None:
        """The next one who may have a turn; it waits no longer. None where there is none."""
        for client, line in self._waiting.items():
            if may(line[0]):
                waiter = line.popleft()
                self._waiting.move_to_end(client)
                if not line:
                    del self._waiting[client]
                return waiter
        return None
