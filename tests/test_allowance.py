"""The account of clients: each limit holds, in all processes together, and ends by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from conftest import soon
from foedera.errors import TooMany
from foedera.query.allowance import Allowance, Turn, client

Open = Callable[..., Allowance]


@pytest.fixture
def account() -> Iterator[Open]:
    """Opens accounts; what is not said is without limit."""
    made: list[Allowance] = []

    def account(workers: int = 0, seconds: float = 0, errors: int = 0, queue: int = 0) -> Allowance:
        made.append(Allowance(workers, seconds, errors, queue))
        return made[-1]

    yield account
    for one in made:
        one.close()


def begun(account: Allowance, who: str, seconds: float = 10.0) -> Turn:
    turn = account.begin(who, seconds)
    assert turn is not None
    return turn


def spend(account: Allowance, who: str, seconds: float) -> None:
    """Have a worker for so long, and give it back."""
    turn = begun(account, who)
    account.end(replace(turn, since=turn.since - seconds))


def apart(work: Callable[[], object]) -> int:
    """Do something in another process, of which the number is given."""
    process = os.fork()
    if process == 0:
        try:
            work()
        finally:
            os._exit(0)
    return process


# Each limit


def test_a_client_has_so_many_workers_at_a_time_and_others_have_theirs(account: Open) -> None:
    clients = account(workers=2)
    first = begun(clients, "a")
    begun(clients, "a")
    assert clients.begin("a", 10.0) is None
    assert clients.begin("b", 10.0) is not None
    clients.end(first)
    assert clients.begin("a", 10.0) is not None
    assert clients.begin("a", 10.0) is None


def test_time_that_is_spent_comes_back_when_it_was_said_to(account: Open) -> None:
    clients = account(seconds=60)
    spend(clients, "a", 50)
    clients.check("a")
    spend(clients, "a", 11.5)
    assert clients.begin("a", 10.0) is None
    with pytest.raises(TooMany, match="used up the 60 seconds") as told:
        clients.check("a")
    assert told.value.retry_after == 2
    assert "Come again in 2 seconds" in told.value.hint
    clients.check("b")
    time.sleep(2)
    clients.check("a")
    begun(clients, "a")


def test_a_runaway_pays_all_of_its_time(account: Open) -> None:
    clients = account(seconds=60)
    spend(clients, "a", 59)
    spend(clients, "a", 29.5)
    with pytest.raises(TooMany) as told:
        clients.check("a")
    assert told.value.retry_after == 29


def test_after_thirty_errors_there_is_one_more_every_other_second(account: Open) -> None:
    clients = account(errors=30)
    for _ in range(30):
        clients.check("a")
        clients.failed("a")
    assert clients.begin("a", 10.0) is None
    with pytest.raises(TooMany, match="more errors than the 30") as told:
        clients.check("a")
    assert told.value.retry_after == 2
    clients.check("b")
    time.sleep(2)
    clients.check("a")
    clients.failed("a")
    with pytest.raises(TooMany):
        clients.check("a")


def test_a_limit_of_nought_is_none(account: Open) -> None:
    clients = account()
    for _ in range(100):
        begun(clients, "a")
        clients.failed("a")
    spend(clients, "a", 10_000)
    clients.check("a")


def test_a_query_that_ends_late_frees_nobody_elses_place(account: Open) -> None:
    clients = account(workers=1)
    late = begun(clients, "a", -1)  # its end is taken for granted at once
    begun(clients, "a")
    clients.end(late)
    assert clients.begin("a", 10.0) is None


# Many processes


def test_what_one_process_counts_holds_in_all(account: Open) -> None:
    clients = account(workers=2, errors=1)
    os.waitpid(apart(lambda: begun(clients, "a")), 0)
    begun(clients, "a")
    assert clients.begin("a", 10.0) is None
    os.waitpid(apart(lambda: clients.failed("b")), 0)
    with pytest.raises(TooMany):
        clients.check("b")


def test_nothing_is_lost_of_what_processes_count_at_the_same_time(account: Open) -> None:
    clients = account(errors=60)
    started = time.monotonic()

    def fail() -> None:
        for _ in range(3000):
            clients.failed("a")

    for process in [apart(fail) for _ in range(4)]:
        os.waitpid(process, 0)
    with pytest.raises(TooMany) as told:
        clients.check("a")
    owed = 4 * 3000 - (time.monotonic() - started)
    assert (told.value.retry_after or 0) > owed - 60


def test_processes_that_ask_at_once_get_no_more_than_there_is(account: Open) -> None:
    clients = account(workers=5)
    go, start = os.pipe()
    told, tell = os.pipe()

    def ask() -> None:
        os.read(go, 1)
        for _ in range(20):
            os.write(tell, b"y" if clients.begin("a", 60.0) else b"n")

    processes = [apart(ask) for _ in range(8)]
    os.write(start, b"x" * 8)
    for process in processes:
        os.waitpid(process, 0)
    answers = os.read(told, 1000)
    assert (answers.count(b"y"), len(answers)) == (5, 160)
    for end in (go, start, told, tell):
        os.close(end)


def test_a_process_that_is_killed_keeps_no_place(account: Open) -> None:
    clients = account(workers=2)
    ready, tell = os.pipe()

    def hold() -> None:
        for _ in range(2):
            begun(clients, "a", 0.2)
        os.write(tell, b"x")
        time.sleep(60)

    process = apart(hold)
    os.read(ready, 1)
    assert clients.begin("a", 0.2) is None
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    assert soon(lambda: clients.begin("a", 10.0), 2)
    assert soon(lambda: clients.begin("a", 10.0), 2)
    for end in (ready, tell):
        os.close(end)


def test_a_process_that_is_killed_while_it_counts_keeps_nobody_waiting(account: Open) -> None:
    clients = account(workers=2)
    ready, tell = os.pipe()

    def count() -> None:
        with clients._alone():
            os.write(tell, b"x")
            time.sleep(60)

    process = apart(count)
    os.read(ready, 1)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    started = time.monotonic()
    begun(clients, "a")
    assert time.monotonic() - started < 0.5
    for end in (ready, tell):
        os.close(end)


def test_clients_without_number_do_not_make_one_forgotten_that_owes(account: Open) -> None:
    clients = account(workers=2, seconds=60)
    spend(clients, "a", 100)
    for number in range(10_000):
        spend(clients, str(number), 0.01)
    with pytest.raises(TooMany):
        clients.check("a")


# Who a client is


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::6", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
        ("x" * 5000, "x" * 100),
    ],
)
def test_an_address_counts_as_a_client(address: str, counts_as: str) -> None:
    assert client(address) == counts_as
