"""The table of the proof: what it prints, and that it fails when the proof does."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

import facts
import table


def test_all_of_the_proof_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert table.main() == 0
    printed = capsys.readouterr().out
    assert "370/370" in printed
    assert "28/28" in printed


def test_a_fact_that_is_missing_is_missed(capsys: pytest.CaptureFixture[str]) -> None:
    said, fact = facts.load().said, facts.read()[0]
    quads = [ox.Quad(t.subject, t.predicate, t.object) for t in fact.triples]
    said.remove(quads[0])
    status = table.main()
    said.add(quads[0])
    assert status == 1
    assert "369/370" in capsys.readouterr().out
