"""Workers answer within their limits, and one that is killed harms nobody else."""

from __future__ import annotations

import faulthandler
import math
import os
import random
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conftest import Publish, processor_time, soon
from foedera import release, service, starter
from foedera.errors import (
    EngineFailed,
    FoederaError,
    QuerySyntax,
    Refused,
    TimedOut,
    TooMany,
    Unavailable,
)
from foedera.query import nursery, wire
from foedera.query.allowance import Allowance
from foedera.query.pool import HOLD_BACK, Answer, Lane, Pool
from foedera.query.worker import Reply
from foedera.settings import Settings
from foedera.stores.embedded import EmbeddedStore

LANES = {"pages": Lane(1, 4, 10.0), "queries": Lane(2, 2, 10.0)}
Metered = Callable[..., tuple[Pool, Allowance]]
METERED = {"pages": Lane(1, 4, 10.0), "queries": Lane(2, 8, 10.0, metered=True)}
ENDLESS = "SELECT (COUNT(*) AS ?all) {" + ". ".join(f"?a{n} ?b{n} ?c{n}" for n in range(7)) + "}"
BOUNDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"


# Operations that a worker of these tests has, beside the real ones.


def process(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """Which process answers; after a while, if so asked."""
    time.sleep(call.get("sleep", 0))
    reply.head({"nice": os.getpriority(os.PRIO_PROCESS, 0)})
    reply.write(str(os.getpid()).encode())


def bytes_(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """So many bytes in parts, and then perhaps an error."""
    reply.head({"count": call["count"]})
    for start in range(0, call["count"], 1000):
        reply.write(b"x" * min(1000, call["count"] - start))
    if call.get("fault"):
        raise Refused("No more", "Ask for less.", retry_after=7)
    if call.get("bug"):
        raise ZeroDivisionError("a secret")


def networks(store: EmbeddedStore, call: dict[str, Any], reply: Reply) -> None:
    """Whether a port of this machine can be reached."""
    reply.head({})
    try:
        socket.create_connection(("127.0.0.1", call["port"]), 1).close()
        reply.write(b"reached")
    except OSError as fault:
        reply.write(str(fault.strerror).encode())


class Nursery:
    """A nursery of this test: a process, its control socket, and what it said."""

    def __init__(self, plan: nursery.Plan) -> None:
        self.control, theirs = socket.socketpair()
        said, saying = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            try:
                faulthandler.disable()  # that a worker crashes is what some tests are about
                self.control.close()
                nursery.run(theirs, plan, lambda text: os.write(saying, text.encode()) and None)
            except FoederaError as fault:
                os.write(saying, fault.detail.encode())
            finally:
                os._exit(0)
        theirs.close()
        os.close(saying)
        self.ready = self.control.recv(5) == b"ready"
        self.said = os.read(said, 4096).decode()
        os.close(said)

    def connect(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self.control, [b"client"], [theirs.fileno()])
        return ours

    def pool(self, seconds: float = 10.0, clients: Allowance | None = None) -> Pool:
        lanes = METERED if clients else LANES
        return Pool(self.connect(), lanes, seconds, 100, clients)

    def workers(self) -> set[int]:
        """The processes that it has started and that still live."""
        listed = Path(f"/proc/{self.process}/task/{self.process}/children").read_text("ascii")
        return {int(one) for one in listed.split()}

    def ended(self) -> bool:
        return os.waitpid(self.process, os.WNOHANG)[0] != 0

    def close(self) -> None:
        self.control.close()
        try:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> release.Release:
    """The books, published once for all these tests."""
    books = tmp_path_factory.mktemp("shelf") / "books"
    starter.new(books)
    return release.publish(books, books / ".foedera", 5, lambda _: None)


@pytest.fixture(scope="module")
def plan(shelf: release.Release, plain_settings: Settings) -> nursery.Plan:
    real = service.plan(plain_settings, shelf)
    mine = {"process": process, "bytes": bytes_, "networks": networks}
    return replace(real, operations={**real.operations, **mine}, worker_memory=100_000_000)


@pytest.fixture
def workers(plan: nursery.Plan) -> Iterator[Nursery]:
    found = Nursery(plan)
    assert found.ready
    yield found
    found.close()


@pytest.fixture
def pool(workers: Nursery) -> Iterator[Pool]:
    found = workers.pool()
    yield found
    found.close()


def query(pool: Pool, text: str, nesting: int = 40, **how: Any) -> Answer:
    arguments = {
        "query": text,
        "format": "csv",
        "accept": None,
        "default_graphs": [],
        "named_graphs": [],
        "inferred": True,
        "bounds": {"size": 1_000_000, "nesting": nesting, "operators": 10**6},
        "limits": {},
    }
    return pool.call("queries", "query", arguments, **how)


def worker_of(pool: Pool, lane: str = "queries", **arguments: Any) -> int:
    """The process that answers a call."""
    return int(pool.call(lane, "process", arguments).body())


# Answers and errors


@pytest.mark.parametrize("count", [0, 1, HOLD_BACK, 5_000_000])
def test_an_answer_comes_whole(pool: Pool, count: int) -> None:
    answer = pool.call("queries", "bytes", {"count": count})
    assert answer.head == {"count": count}
    assert answer.body() == b"x" * count


def test_a_small_answer_is_known_to_be_whole_before_it_is_read(pool: Pool) -> None:
    assert pool.call("queries", "bytes", {"count": 10}).whole
    large = pool.call("queries", "bytes", {"count": 5_000_000})
    assert not large.whole
    large.close()


def test_an_early_error_is_raised_by_the_call_as_what_it_was(pool: Pool) -> None:
    with pytest.raises(Refused) as refused:
        pool.call("queries", "bytes", {"count": 1000, "fault": True})
    told = (refused.value.detail, refused.value.hint, refused.value.retry_after)
    assert told == ("No more", "Ask for less.", 7)


def test_a_late_error_is_raised_in_the_middle_of_the_answer(pool: Pool) -> None:
    answer = pool.call("queries", "bytes", {"count": 500_000, "fault": True})
    with pytest.raises(Refused):
        answer.body()


def test_what_nobody_expected_is_told_without_its_text_and_the_worker_goes_on(
    pool: Pool, workers: Nursery
) -> None:
    before = worker_of(pool)
    with pytest.raises(EngineFailed) as failed:
        pool.call("queries", "bytes", {"count": 1, "bug": True})
    assert "ZeroDivisionError" in failed.value.detail
    assert "secret" not in str(failed.value)
    assert worker_of(pool) == before


def test_a_worker_answers_many_calls(pool: Pool, workers: Nursery) -> None:
    assert len({worker_of(pool) for _ in range(50)}) == 1
    assert len(workers.workers()) == 1


# Deadlines, clients that leave, deaths


def test_a_call_past_its_deadline_is_ended_with_its_worker(pool: Pool, workers: Nursery) -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut) as late:
        query(pool, ENDLESS, seconds=0.5)
    assert 0.5 <= time.monotonic() - started < 2
    assert late.value.retry_after == 1
    assert soon(lambda: workers.workers() == set())
    assert query(pool, "ASK {}").body() == b"true"


def test_a_call_cannot_ask_for_more_time_than_there_is(workers: Nursery) -> None:
    pool = workers.pool(seconds=0.3)
    with pytest.raises(TimedOut, match=r"longer than 0\.3 seconds"):
        pool.call("queries", "process", {"sleep": 5}, seconds=60)
    pool.close()


def test_a_deadline_ends_an_answer_that_has_begun(pool: Pool) -> None:
    answer = query(pool, BOUNDLESS, seconds=1)
    with pytest.raises(TimedOut):
        for _ in answer:
            pass


def test_a_client_that_leaves_ends_its_worker(pool: Pool, workers: Nursery) -> None:
    left = threading.Event()
    threading.Timer(0.3, left.set).start()
    with pytest.raises(Unavailable, match="The client left"):
        query(pool, ENDLESS, gone=left.is_set)
    assert soon(lambda: workers.workers() == set())


def test_a_worker_that_is_killed_fails_its_own_call_and_no_other(
    pool: Pool, workers: Nursery
) -> None:
    with ThreadPoolExecutor(2) as threads:
        endless = threads.submit(query, pool, ENDLESS)
        assert soon(lambda: len(workers.workers()) == 1)
        (victim,) = workers.workers()
        assert soon(lambda: processor_time(victim) > 0.1)
        other = threads.submit(worker_of, pool, sleep=0.5)
        assert soon(lambda: len(workers.workers()) == 2)
        os.kill(victim, signal.SIGKILL)
        with pytest.raises(EngineFailed, match="ended its worker"):
            endless.result(5)
        assert other.result(5) != victim


def test_a_worker_that_is_killed_before_it_reads_its_call_is_not_felt(
    pool: Pool, workers: Nursery
) -> None:
    victim = worker_of(pool)
    os.kill(victim, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(worker_of, pool)
        time.sleep(0.2)
        os.kill(victim, signal.SIGKILL)
        assert call.result(5) not in (0, victim)


def test_workers_that_died_idle_are_not_felt(pool: Pool, workers: Nursery) -> None:
    pool.warm()
    assert len(workers.workers()) == 3
    for worker in workers.workers():
        os.kill(worker, signal.SIGKILL)
    assert soon(lambda: workers.workers() == set())
    assert query(pool, "ASK {}").body() == b"true"


def test_a_query_that_takes_too_much_memory_ends_its_worker_alone(
    pool: Pool, workers: Nursery
) -> None:
    other = worker_of(pool, lane="pages")
    hungry = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY DESC(?c) ?f ?i ?l"
    with pytest.raises(EngineFailed, match=r"more memory than a query may take \(100 MB\)"):
        query(pool, hungry)
    assert worker_of(pool, lane="pages") == other
    assert query(pool, "ASK {}").body() == b"true"


def test_a_query_too_deep_for_the_engine_ends_its_worker_alone(pool: Pool) -> None:
    other = worker_of(pool, lane="pages")
    deep = "SELECT * " + "{" * 20_000 + "}" * 20_000
    with pytest.raises(EngineFailed, match="nests too deep"):
        query(pool, deep, nesting=10**6)
    assert worker_of(pool, lane="pages") == other


def test_a_worker_ends_when_its_server_is_killed(workers: Nursery) -> None:
    """In the middle of a query, which itself would go on for longer than anybody waits."""
    server = os.fork()
    if server == 0:
        query(workers.pool(), ENDLESS)
    assert soon(lambda: len(workers.workers()) == 1)
    time.sleep(0.3)
    os.kill(server, signal.SIGKILL)
    os.waitpid(server, 0)
    assert soon(lambda: workers.workers() == set(), 2)


def test_a_worker_ends_by_itself_when_its_server_hangs(workers: Nursery) -> None:
    """The processor time of a call is bounded, whatever becomes of the clock of the server."""
    connection = workers.connect()
    connection.sendall(b"queries")
    _, descriptors, _, _ = socket.recv_fds(connection, 64, 2)
    with socket.socket(fileno=descriptors[0]) as worker, connection:
        call = {"operation": "query", "query": ENDLESS, "seconds": 0.1, "format": "", "accept": ""}
        call.update(default_graphs=[], named_graphs=[], inferred=True, limits={})
        call["bounds"] = {"size": 999, "nesting": 9, "operators": 99}
        wire.send_json(worker, wire.CALL, call)
        worker.settimeout(20)
        reader = wire.Reader(worker)
        while frame := reader.wait():
            assert frame[0] == wire.HEAD
    os.close(descriptors[1])


# Lanes


def test_strangers_queries_have_less_priority_than_pages(pool: Pool) -> None:
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert pool.call("pages", "process", {}).head["nice"] == mine
    assert pool.call("queries", "process", {}).head["nice"] == min(mine + 10, 19)


def test_pages_do_not_wait_for_strangers_queries(pool: Pool) -> None:
    with ThreadPoolExecutor(2) as threads:
        for _ in range(2):
            threads.submit(worker_of, pool, sleep=1)
        time.sleep(0.2)
        started = time.monotonic()
        worker_of(pool, lane="pages")
        assert time.monotonic() - started < 0.5


def test_one_more_than_may_wait_is_turned_away_at_once(pool: Pool) -> None:
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(worker_of, pool, sleep=0.5) for _ in range(4)]
        time.sleep(0.2)
        started = time.monotonic()
        with pytest.raises(Unavailable, match="2 queries are being answered and 2 wait") as busy:
            worker_of(pool)
        assert time.monotonic() - started < 0.2
        assert busy.value.retry_after == 1
        assert len({call.result(5) for call in calls}) == 2


def test_waiting_for_a_worker_has_an_end(workers: Nursery) -> None:
    lanes = {"queries": Lane(1, 2, 0.3)}
    pool = Pool(workers.connect(), lanes, 10.0, 100)
    with ThreadPoolExecutor(1) as threads:
        threads.submit(worker_of, pool, sleep=1)
        time.sleep(0.2)
        with pytest.raises(Unavailable, match=r"No worker was free within 0\.3 seconds") as busy:
            worker_of(pool)
        assert busy.value.retry_after == 1
    pool.close()


def test_who_is_turned_away_is_told_to_come_when_it_is_worth_it(workers: Nursery) -> None:
    """As many calls as wait before it, each as long as those that are being answered."""
    pool = Pool(workers.connect(), {"queries": Lane(1, 2, 6.0)}, 10.0, 100)
    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(worker_of, pool, sleep=sleep) for sleep in (1.3, 0, 0)]
        began = time.monotonic()
        time.sleep(1.1)
        with pytest.raises(Unavailable) as busy:
            worker_of(pool)
        took = time.monotonic() - began
        for call in calls:
            call.result(5)
    assert 4 <= (busy.value.retry_after or 0) <= math.ceil(3 * (took + 0.1))
    pool.close()


def test_who_waits_is_told_when_a_worker_of_their_own_lane_is_free(pool: Pool) -> None:
    """Not somebody who waits for another lane, and has waited longer."""
    with ThreadPoolExecutor(8) as threads:
        threads.submit(worker_of, pool, lane="pages", sleep=1.5)
        time.sleep(0.1)
        for _ in range(4):
            threads.submit(worker_of, pool, lane="pages")
        time.sleep(0.1)
        for _ in range(2):
            threads.submit(worker_of, pool, sleep=0.2)
        time.sleep(0.1)
        started = time.monotonic()
        worker_of(pool)
        assert time.monotonic() - started < 0.3


# Clients


@pytest.fixture
def metered(workers: Nursery) -> Iterator[Metered]:
    """Makes a pool with limits for a client; what is not said is without."""
    made: list[tuple[Pool, Allowance]] = []

    def metered(
        workers_: int = 0, seconds: float = 0, errors: int = 0, queue: int = 0
    ) -> tuple[Pool, Allowance]:
        clients = Allowance(workers_, seconds, errors, queue)
        made.append((workers.pool(clients=clients), clients))
        return made[-1]

    yield metered
    for pool, clients in made:
        pool.close()
        clients.close()


def asks(pool: Pool, client: str, lane: str = "queries", sleep: float = 0) -> float:
    """When a client has its answer."""
    pool.call(lane, "process", {"sleep": sleep}, client=client).body()
    return time.monotonic()


@pytest.mark.parametrize("lane", ["pages", "queries"])
def test_a_client_with_many_calls_waiting_delays_anothers_first_by_one(
    workers: Nursery, lane: str
) -> None:
    pool = Pool(workers.connect(), {lane: Lane(1, 9, 10.0)}, 10.0, 100)
    with ThreadPoolExecutor(9) as threads:
        greedy = [threads.submit(asks, pool, "a", lane, 0.2) for _ in range(6)]
        time.sleep(0.1)
        modest = threads.submit(asks, pool, "b", lane, 0.2)
        ends = sorted(one.result(9) for one in greedy)
        assert ends[0] < modest.result(9) < ends[2]
    pool.close()


def test_of_the_workers_of_a_process_one_client_never_has_the_last(
    metered: Metered,
) -> None:
    pool, _ = metered(2, queue=4)
    with ThreadPoolExecutor(4) as threads:
        greedy = [threads.submit(asks, pool, "a", "queries", 0.6) for _ in range(3)]
        time.sleep(0.2)
        started = time.monotonic()
        assert asks(pool, "b") - started < 0.3
        ends = sorted(one.result(9) for one in greedy)
        assert ends[2] - ends[0] > 1


def test_without_a_limit_of_workers_a_client_may_have_all(
    metered: Metered,
) -> None:
    pool, _ = metered(errors=9)
    with ThreadPoolExecutor(2) as threads:
        ends = [threads.submit(asks, pool, "a", "queries", 0.6) for _ in range(2)]
        assert abs(ends[0].result(9) - ends[1].result(9)) < 0.4


def test_a_client_whose_share_is_used_in_another_process_waits_until_it_is_not(
    metered: Metered,
) -> None:
    pool, clients = metered(1)
    elsewhere = clients.begin("a", 10.0)
    assert elsewhere
    with ThreadPoolExecutor(2) as threads:
        waiting = threads.submit(asks, pool, "a")
        time.sleep(0.3)
        assert not waiting.done()
        clients.end(elsewhere)
        started = time.monotonic()
        assert waiting.result(9) - started < 0.3


def test_a_client_whose_share_stays_used_is_told_so_and_not_that_all_is_taken(
    workers: Nursery,
) -> None:
    clients = Allowance(1, 0, 0, 0)
    pool = Pool(workers.connect(), {"queries": Lane(2, 8, 0.3, True)}, 10.0, 100, clients)
    assert clients.begin("a", 10.0)
    with pytest.raises(TooMany, match="Your other queries have had all the workers"):
        asks(pool, "a")
    pool.close()
    clients.close()


def test_more_than_a_client_may_have_waiting_is_turned_away_and_others_are_not(
    metered: Metered,
) -> None:
    pool, _ = metered(2, queue=2)
    with ThreadPoolExecutor(6) as threads:
        greedy = [threads.submit(asks, pool, "a", "queries", 0.5) for _ in range(3)]
        time.sleep(0.2)
        with pytest.raises(TooMany, match="2 of your queries wait already") as told:
            asks(pool, "a")
        assert told.value.retry_after == 1
        asks(pool, "b")
        for one in greedy:
            one.result(9)
        asks(pool, "a")


def test_a_client_that_has_spent_its_time_is_told_at_once_also_while_it_waits(
    metered: Metered,
) -> None:
    """Each of its queries pays from its beginning to its end."""
    pool, _ = metered(2, seconds=1)
    with ThreadPoolExecutor(2) as threads:
        began = time.monotonic()
        long = threads.submit(asks, pool, "a", "queries", 1.2)
        time.sleep(0.2)
        with pytest.raises(TooMany, match="used up the 1 seconds"):
            asks(pool, "a")
        assert time.monotonic() - long.result(9) < 0.3
    took = time.monotonic() - began
    started = time.monotonic()
    with pytest.raises(TooMany) as told:
        asks(pool, "a")
    assert time.monotonic() - started < 0.1
    assert 10 < (told.value.retry_after or 0) <= math.ceil((took - 1) * 60)
    asks(pool, "b")


def test_a_client_that_leaves_has_paid(metered: Metered) -> None:
    pool, clients = metered(2, seconds=0.2)
    left = threading.Event()
    threading.Timer(0.5, left.set).start()
    with pytest.raises(Unavailable, match="The client left"):
        query(pool, ENDLESS, gone=left.is_set, client="a")
    with pytest.raises(TooMany):
        clients.check("a")


def test_to_leave_is_no_error(metered: Metered) -> None:
    pool, clients = metered(errors=1)
    with pytest.raises(Unavailable, match="The client left"):
        query(pool, ENDLESS, gone=lambda: True, client="a")
    clients.check("a")


@pytest.mark.parametrize(
    ("text", "how", "fault"),
    [
        ("SELECT *", {}, QuerySyntax),
        ("ASK { SERVICE <http://example.org/> {} }", {}, Refused),
        (ENDLESS, {"seconds": 0.2}, TimedOut),
        (BOUNDLESS, {"seconds": 1}, TimedOut),
    ],
    ids=["syntax", "refused", "timeout", "late"],
)
def test_an_error_of_a_query_counts(
    metered: Metered,
    text: str,
    how: dict[str, Any],
    fault: type[FoederaError],
) -> None:
    pool, _ = metered(errors=1)
    with pytest.raises(fault):
        query(pool, text, client="a", whole=True, **how)
    with pytest.raises(TooMany, match="more errors than the 1 "):
        query(pool, "ASK {}", client="a")
    query(pool, "ASK {}", client="b")


def test_that_there_is_no_room_is_no_error_of_the_query(workers: Nursery) -> None:
    clients = Allowance(2, 0, 1, 1)
    lanes = {"queries": Lane(1, 1, 10.0, True)}
    pool = Pool(workers.connect(), lanes, 10.0, 100, clients)
    with ThreadPoolExecutor(3) as threads:
        calls = [threads.submit(asks, pool, one, "queries", 0.6) for one in "ab"]
        time.sleep(0.3)
        for who, told in (("b", TooMany), ("c", Unavailable)):
            with pytest.raises(told):
                asks(pool, who)
        for call in calls:
            call.result(9)
    for who in "abc":
        clients.check(who)
    pool.close()
    clients.close()


def test_neither_pages_nor_our_own_look_ups_are_counted(
    metered: Metered,
) -> None:
    pool, clients = metered(1, seconds=0.01, errors=1, queue=1)
    for lane, who in (("pages", "a"), ("queries", "")):
        for _ in range(2):
            asks(pool, who, lane, 0.1)
            with pytest.raises(Refused):
                pool.call(lane, "bytes", {"count": 1, "fault": True}, client=who)
        clients.check(who)


# The nursery


def test_a_retired_pool_still_serves_requests_that_began_on_it(
    pool: Pool, workers: Nursery
) -> None:
    pool.warm()
    with ThreadPoolExecutor(1) as threads:
        under_way = threads.submit(worker_of, pool, sleep=0.4)
        time.sleep(0.1)
        pool.retire()
        assert worker_of(pool) != 0
        assert under_way.result(5) != 0
    assert soon(lambda: workers.workers() == set())


def test_a_nursery_ends_when_it_is_let_go_and_its_last_pool_is(workers: Nursery) -> None:
    pool = workers.pool()
    workers.control.close()
    time.sleep(0.1)
    assert worker_of(pool) != 0
    pool.retire()
    assert not soon(workers.ended, 0.2)
    del pool
    assert soon(workers.ended, 2)


def test_when_the_nursery_is_gone_a_call_is_told_to_come_again(
    pool: Pool, workers: Nursery
) -> None:
    pool.warm()
    os.kill(workers.process, signal.SIGKILL)
    os.waitpid(workers.process, 0)
    time.sleep(0.1)
    for lane in LANES:
        with pytest.raises(Unavailable, match="being started again") as gone:
            worker_of(pool, lane=lane)
        assert gone.value.retry_after == 1


def test_when_no_process_can_be_started_a_call_is_told_to_come_again(
    plan: nursery.Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork = os.fork

    def once() -> int:
        monkeypatch.setattr(os, "fork", never)
        return fork()

    def never() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", once)  # the nursery itself still starts
    workers = Nursery(plan)
    pool = workers.pool()
    with pytest.raises(Unavailable, match="being started again"):
        worker_of(pool)
    pool.close()
    workers.close()


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_release_is_answered_from_in_memory_or_on_disk(
    plan: nursery.Plan, shelf: release.Release, in_memory: bool
) -> None:
    workers = Nursery(replace(plan, in_memory=in_memory))
    assert ("in memory" in workers.said, "on disk" in workers.said) == (in_memory, not in_memory)
    pool = workers.pool()
    answer = query(pool, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }").body()
    assert answer == f"n\r\n{shelf.triples}\r\n".encode()
    pool.close()
    workers.close()


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_damaged_release_is_not_held(plan: nursery.Plan, tmp_path: Path, in_memory: bool) -> None:
    damaged = shutil.copytree(plan.release, tmp_path / "damaged")
    with (damaged / "dump.nq").open("r+b") as dump:
        dump.truncate(dump.read().index(b"\n") + 1)
    (damaged / "store" / "CURRENT").write_text("MANIFEST-999999\n", encoding="ascii")
    workers = Nursery(replace(plan, release=damaged, in_memory=in_memory))
    assert not workers.ready
    assert "Release damaged cannot be opened" in workers.said
    workers.close()


def test_a_worker_reaches_no_network(workers: Nursery, pool: Pool) -> None:
    if "without network" not in workers.said:
        pytest.skip("the kernel gives no network of their own to processes of this user")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answer = pool.call("queries", "networks", {"port": port}).body()
    assert answer == b"Network is unreachable"


def test_a_release_that_is_answered_from_is_not_pruned(
    plan: nursery.Plan, books: Path, publish: Publish, state: Path
) -> None:
    first = publish()
    workers = Nursery(replace(plan, release=first.path))
    (books / "data" / "more.ttl").touch()
    second = publish(keep=1)
    assert release.listed(state) == [second, first]
    workers.control.close()
    assert soon(workers.ended)
    publish(keep=1)
    assert release.listed(state) == [second]


# Frames


def test_frames_come_out_as_they_went_in_however_they_are_cut() -> None:
    chance = random.Random(1)
    frames = [(wire.DATA, chance.randbytes(chance.choice((0, 1, 5, 300)))) for _ in range(50)]
    ours, theirs = socket.socketpair()
    for kind, payload in frames:
        wire.send(ours, kind, payload)
    ours.close()
    everything = b""
    while part := theirs.recv(65_536):
        everything += part
    theirs.close()
    ours, theirs = socket.socketpair()
    reader = wire.Reader(theirs)
    found = []
    while everything:
        cut = chance.randint(1, 12)
        ours.sendall(everything[:cut])
        everything = everything[cut:]
        assert reader.fill()
        while reader.buffered():
            found.append(reader.take())
    ours.close()
    assert found == frames
    assert reader.wait() is None
    theirs.close()


def test_a_large_frame_comes_whole() -> None:
    ours, theirs = socket.socketpair()
    payload = bytes(range(256)) * 20_000
    with ours, theirs, ThreadPoolExecutor(1) as threads:
        threads.submit(wire.send, ours, wire.DATA, payload)
        assert wire.Reader(theirs).wait() == (wire.DATA, payload)
