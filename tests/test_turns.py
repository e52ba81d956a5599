"""Turns: one from each client, round and round."""

from __future__ import annotations

from foedera.query.turns import Turns


def line(*waiting: str) -> Turns[str]:
    """A queue of such as a1: the first of client a."""
    turns: Turns[str] = Turns()
    for one in waiting:
        turns.add(one[0], one)
    return turns


def anybody(_: str) -> bool:
    return True


def test_clients_have_their_turns_one_after_the_other() -> None:
    turns = line("a1", "a2", "a3", "b1", "c1", "b2")
    order = [turns.take(anybody) for _ in range(6)]
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert turns.take(anybody) is None


def test_a_client_that_comes_while_another_has_many_waiting_is_next() -> None:
    turns = line("a1", "a2", "a3")
    assert turns.take(anybody) == "a1"
    turns.add("b", "b1")
    assert [turns.take(anybody), turns.take(anybody)] == ["a2", "b1"]


def test_a_client_that_may_not_have_a_turn_keeps_its_place() -> None:
    turns = line("a1", "b1", "a2", "b2")
    assert turns.take(lambda one: one[0] != "a") == "b1"
    assert turns.take(lambda one: one[0] not in "ab") is None
    assert [turns.take(anybody) for _ in range(3)] == ["a1", "b2", "a2"]


def test_one_that_leaves_is_not_called() -> None:
    turns = line("a1", "a2", "b1")
    turns.remove("a", "a1")
    turns.remove("b", "b1")
    assert (len(turns), turns.of("a"), turns.of("b")) == (1, 1, 0)
    assert turns.take(anybody) == "a2"
