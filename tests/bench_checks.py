"""Measures checking: engines over generated data with planted mistakes, and contributions to it.

``make checks`` runs it. Processor time of a process and its children, and the most memory
that a process took; every engine must find exactly the mistakes that were planted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyoxigraph as ox
import pyshacl
import rdflib

import domain
from foedera import bridge
from foedera.check import chunks, engines, incremental
from foedera.check.base import Base, Stored
from foedera.check.results import Engine, Result
from foedera.check.shapes import Shapes

GRAPH = ox.NamedNode("https://domain.example/graph")


def store(data: domain.Domain) -> ox.Store:
    made = ox.Store()
    made.bulk_extend(quads(data))
    return made


def quads(data: domain.Domain) -> Iterator[ox.Quad]:
    return (ox.Quad(one.subject, one.predicate, one.object, GRAPH) for one in data.triples())


def key(result: Result) -> tuple[str, str]:
    return getattr(result.focus, "value", ""), result.component


def exact(data: domain.Domain, found: Sequence[Result]) -> bool:
    """Whether the planted mistakes were found, and no others; one may be found in two shapes."""
    return {key(one) for one in found} == data.planted


Work = Callable[[], list[Result]]


def plain(data: domain.Domain, engine: Engine) -> Work:
    triples = list(data.triples())
    return lambda: engine.run(domain.shapes(), triples)


def unaided(data: domain.Domain) -> Work:
    """pySHACL as its users call it: rdflib answers the queries too."""
    graph = bridge.add(rdflib.Graph(), data.triples())
    rules = bridge.add(rdflib.Graph(), domain.shapes())
    sh = rdflib.Namespace(domain.SH)

    def work() -> list[Result]:
        _, found, _ = pyshacl.validate(graph, shacl_graph=rules, inference="none", advanced=False)
        return [
            Result(
                bridge.to_oxigraph(found.value(one, sh.focusNode)),
                "",
                None,
                None,
                str(found.value(one, sh.sourceConstraintComponent)),
                "violation",
            )
            for one in found.objects(None, sh.result)
        ]

    return work


def chunked(place: str, engine: Engine) -> Work:
    """Over a store on disk, as a release is one."""
    base = Stored(ox.Store.read_only(place), ())
    return lambda: chunks.validate(
        Shapes(domain.shapes()), base, engine, seconds=600, memory=600_000_000
    )[0]


WAYS: dict[str, Callable[[domain.Domain, str], Work]] = {
    "plain pySHACL": lambda data, _: unaided(data),
    "pySHACL": lambda data, _: plain(data, engines.PySHACL()),
    "pySHACL in chunks": lambda _, place: chunked(place, engines.PySHACL()),
    "shacl-rust": lambda data, _: plain(data, engines.ShaclRust()),
}
"""What makes ready, of data and a folder with a store of them, and gives the work to measure."""


def made(triples: int, place: str) -> None:
    """Make the store, in a process of its own, so that its memory counts for nobody else."""
    made = ox.Store(place)
    made.bulk_extend(quads(domain.Domain.of(triples)))
    made.flush()


def measured(way: str, triples: int, place: str) -> None:
    """In a process of its own: do it, and say what it took."""
    data = domain.Domain.of(triples)
    work = WAYS[way](data, place)
    used = _spent()
    started = time.monotonic()
    found = work()
    own, children = (
        resource.getrusage(who).ru_maxrss // 1000
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        json.dumps(
            {
                "seconds": _spent() - used,
                "wall": time.monotonic() - started,
                "own": own,
                "children": children,
                "exact": exact(data, found),
                "found": len(found),
            }
        )
    )


def _spent() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def apart(way: str, triples: int, place: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--way", way, "--triples", str(triples), "--place", place]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


def contributions(
    triples: int, engine: Engine, base: Callable[[ox.Store], Base], rounds: int = 7
) -> tuple[float, int]:
    """The median processor time of contributions of 500 triples, and the queries of the last."""
    data = domain.Domain.of(triples)
    made = base(store(data))
    shapes = Shapes(domain.shapes())
    times = []
    for seed in range(rounds + 1):
        change = data.contribution(seed)
        used = _spent()
        outcome = incremental.judge(
            shapes, made, change, engine=engine, seconds=60, memory=2_000_000_000
        )
        if seed:  # the first pays for what is made once
            times.append(_spent() - used)
        assert outcome.introduced
    return statistics.median(times), outcome.queries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=100_000)
    parser.add_argument("--way", choices=WAYS, help="measure one way in this process")
    parser.add_argument("--place", help="the folder of the store")
    parser.add_argument("--make", action="store_true", help="make the store there, and end")
    parser.add_argument("--without-plain", action="store_true", help="leave out plain pySHACL")
    chosen = parser.parse_args()
    if chosen.make:
        made(chosen.triples, chosen.place)
        return
    if chosen.way:
        measured(chosen.way, chosen.triples, chosen.place)
        return
    with tempfile.TemporaryDirectory() as place:
        sys.exit(compared(chosen, place))


def compared(chosen: argparse.Namespace, place: str) -> bool:
    """Whether a bound was missed, with all that was measured printed."""
    command = [sys.executable, __file__, "--make", "--triples", str(chosen.triples)]
    subprocess.run([*command, "--place", place], check=True)
    data = domain.Domain.of(chosen.triples)
    count = sum(1 for _ in data.triples())
    print(f"{count:,} triples, {len(data.planted)} mistakes planted, {os.cpu_count()} cores")
    failed = False
    found = {}
    for way in WAYS:
        if way == "plain pySHACL" and chosen.without_plain:
            continue
        one = found[way] = apart(way, chosen.triples, place)
        failed |= not one["exact"]
        if way == "pySHACL in chunks":
            failed |= max(one["own"], one["children"]) > 600
        verdict = "exactly the planted" if one["exact"] else "NOT the planted mistakes"
        print(
            f"{way:20} {one['seconds']:8.1f} s processor, {one['wall']:7.1f} s, "
            f"{one['own']:6,} MB, children at most {one['children']:,} MB, {verdict}",
            flush=True,
        )
    if "plain pySHACL" in found:
        ratio = found["plain pySHACL"]["seconds"] / found["shacl-rust"]["seconds"]
        failed |= ratio < 50
        print(f"the accelerator is {ratio:.0f} times as fast as plain pySHACL (at least 50)")
    sizes = (100_000, chosen.triples) if chosen.triples > 100_000 else (chosen.triples,)
    for engine, most in ((engines.PySHACL(), 1.5), (engines.ShaclRust(), 0.3)):
        times = [contributions(size, engine, lambda made: Stored(made, ()))[0] for size in sizes]
        failed |= times[-1] > most or times[-1] > 1.5 * times[0]
        shown = " and ".join(
            f"{took:.2f} s against {size:,}" for took, size in zip(times, sizes, strict=True)
        )
        print(f"500 triples by {engine.name}: {shown} (at most {most} s)", flush=True)
    return failed


if __name__ == "__main__":
    main()
