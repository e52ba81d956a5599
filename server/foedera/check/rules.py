"""What a publication asks of what is written for it: its shapes, its ontology, its queries.

A release keeps them as text in its folder ``rules/``, so that a contribution is judged by what the
files say: a store would have rewritten some of the literals.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedera import folder

_SHAPES, _ONTOLOGY, _OTHER = "shapes.nt", "ontology.nt", "rules.json"


@dataclass(frozen=True)
class Rules:
    """The rules of one publication.

    ``shapes`` and ``ontology`` are the triples of these folders, ``hygiene`` the queries by path.
    ``graphs`` are the IRIs of the named graphs of a release that state nothing about things: those
    of the shapes' files, and of what was inferred.
    """

    base: str
    shapes: tuple[ox.Triple, ...] = ()
    ontology: tuple[ox.Triple, ...] = ()
    hygiene: Mapping[str, str] = field(default_factory=dict)
    prefixes: Mapping[str, str] = field(default_factory=dict)
    graphs: frozenset[str] = frozenset()
    release: str = ""

    def keep(self, place: Path) -> None:
        """Write them into the folder of a release."""
        place.mkdir()
        for name, triples in ((_SHAPES, self.shapes), (_ONTOLOGY, self.ontology)):
            ox.serialize(triples, str(place / name), format=ox.RdfFormat.N_TRIPLES)
        content = {
            "base": self.base,
            "hygiene": dict(self.hygiene),
            "prefixes": dict(self.prefixes),
            "graphs": sorted(self.graphs),
            "release": self.release,
        }
        (place / _OTHER).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def kept(place: Path) -> Rules:
    """The rules that `Rules.keep` wrote. Raises OSError where it did not."""
    content: dict[str, Any] = json.loads((place / _OTHER).read_text(encoding="utf-8"))
    return Rules(
        base=content["base"],
        shapes=_triples(place / _SHAPES),
        ontology=_triples(place / _ONTOLOGY),
        hygiene=content["hygiene"],
        prefixes=content["prefixes"],
        graphs=frozenset(content["graphs"]),
        release=content["release"],
    )


def of(
    source: folder.Folder,
    parsed: Sequence[folder.Parsed],
    prefixes: Mapping[str, str],
    graphs: Iterable[str] = (),
    release: str = "",
) -> Rules:
    """The rules of a folder that was read."""
    return Rules(
        base=source.publication.base,
        shapes=_of_part(parsed, "shapes"),
        ontology=_of_part(parsed, "ontology"),
        hygiene={
            file.path: file.location.read_text(encoding="utf-8", errors="replace")
            for file in source.hygiene()
        },
        prefixes=prefixes,
        graphs=frozenset(graphs),
        release=release,
    )


def _of_part(parsed: Iterable[folder.Parsed], part: str) -> tuple[ox.Triple, ...]:
    triples = (triple for one in parsed if one.file.part == part for triple in one.triples)
    return tuple(dict.fromkeys(triples))


def _triples(path: Path) -> tuple[ox.Triple, ...]:
    # The blank nodes keep their names: both files, and the data, speak of the same.
    quads = ox.parse(path=str(path), format=ox.RdfFormat.N_TRIPLES)
    return tuple(quad.triple for quad in quads)
