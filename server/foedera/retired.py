"""Things that have gone out of use: replaced by another, or withdrawn.

Whoever has the IRI of a thing can go on using it. What is replaced leads to what took its place;
of what was withdrawn it is said that it was, when and why. Both are said by the data, so that a
release tells all of it. It is said of an IRI and not of what that means: of one that has others
for the same thing (`owl:sameAs`), only what a file states counts, since all else holds of each.

``dcterms:isReplacedBy``     what took its place
``prov:invalidatedAtTime``   since when it counts no more
``owl:deprecated true``      the same, where nobody noted when
``skos:changeNote``, ``skos:historyNote``   why
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.stores.base import Store

_TYPE = ox.NamedNode(terms.TYPE)
_SAME = ox.NamedNode(terms.OWL + "sameAs")
_REPLACED = ox.NamedNode(terms.DCTERMS + "isReplacedBy")

# PROV-O has the one widely used property for the moment at which a thing ceased to count, and it is
# for things of every kind. owl:deprecated says it of any IRI, yet without a date, and of a class or
# a property it only means that new data should not use it: the term goes on being documented, since
# older data do. So it counts for things alone.
_WITHDRAWN = ox.NamedNode(terms.PROV + "invalidatedAtTime")
_DEPRECATED = ox.NamedNode(terms.OWL + "deprecated")
_REASONS = tuple(ox.NamedNode(terms.SKOS + name) for name in ("changeNote", "historyNote"))

_TERMS = frozenset(
    [
        *(terms.RDFS + name for name in ("Class", "Datatype")),
        terms.RDF + "Property",
        *(
            terms.OWL + name
            for name in (
                *("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty"),
                *("DeprecatedClass", "DeprecatedProperty", "Ontology"),
            )
        ),
    ]
)

_LONGEST = 100
"""How many replacements in a row are followed at once."""


@dataclass(frozen=True)
class Gone:
    """A thing that is no more: ``when`` and ``why`` as the data has them, and what is named as
    taking its place."""

    when: tuple[ox.Literal, ...]
    why: tuple[ox.Literal, ...]
    by: tuple[ox.NamedNode, ...]


def of(store: Store, thing: ox.NamedNode) -> ox.NamedNode | Gone | None:
    """The thing below the base that took the place of another; or that it is gone; or None for one
    in use, and for what is no thing of ours: a term of an ontology with a hash IRI, or an IRI of
    another site.

    Where each has one replacement, the last in the row is meant. What is replaced by several, by
    what is elsewhere or by what nothing is said of is gone: one cannot choose for the reader, and
    no address of ours leads to another host. What is only replaced by itself, be it by a long way
    round, is in use, since nothing took its place.
    """
    if not thing.value.startswith(store.base) or "#" in thing.value:
        return None
    if not store.once(_any):
        return None
    row = [thing]
    while len(row) <= _LONGEST and (after := _replacement(store, row[-1])):
        if after in row:
            if after == thing:
                return _gone(store, thing, ())
            return after
        row.append(after)
    if row[1:]:
        return row[-1]
    return _gone(store, thing, [one for one in _named(store, thing) if one != thing])


def _any(store: Store) -> bool:
    """Whether a release says of anything that it has gone out of use; most do not."""
    return bool(store.used((_REPLACED, _WITHDRAWN, _DEPRECATED)))


def _said(store: Store, thing: ox.NamedNode, predicate: ox.NamedNode) -> list[Any]:
    """The values of a property that are said of just this IRI."""
    found = list(store.about(thing, predicate))
    if found and any(quad.object != thing for quad in store.about(thing, _SAME)):
        found = [quad for quad in found if not store.follows(quad.triple)]
    return [quad.object for quad in found]


def _named(store: Store, thing: ox.NamedNode) -> list[ox.NamedNode]:
    found = _said(store, thing, _REPLACED)
    return sorted(
        (one for one in found if isinstance(one, ox.NamedNode)), key=lambda one: one.value
    )


def _replacement(store: Store, thing: ox.NamedNode) -> ox.NamedNode | None:
    """The one thing of ours that took a thing's place."""
    found = _named(store, thing)
    if len(found) != 1 or not found[0].value.startswith(store.base):
        return None
    return found[0] if any(store.about(found[0])) else None


def _gone(store: Store, thing: ox.NamedNode, by: Sequence[ox.NamedNode]) -> Gone | None:
    when = _texts(store, thing, _WITHDRAWN)
    if not (when or by or _is_deprecated(store, thing)):
        return None
    why = next(filter(None, (_texts(store, thing, reason) for reason in _REASONS)), ())
    return Gone(when, why, tuple(by))


def _texts(store: Store, thing: ox.NamedNode, predicate: ox.NamedNode) -> tuple[ox.Literal, ...]:
    found = _said(store, thing, predicate)
    return tuple(sorted((one for one in found if isinstance(one, ox.Literal)), key=str))


def _is_deprecated(store: Store, thing: ox.NamedNode) -> bool:
    said: Any = _said(store, thing, _DEPRECATED)
    if not any(isinstance(one, ox.Literal) and one.value in ("true", "1") for one in said):
        return False
    types = (getattr(quad.object, "value", "") for quad in store.about(thing, _TYPE))
    return _TERMS.isdisjoint(types)
