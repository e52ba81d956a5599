"""Statements as attributes of the elements that show them (RDFa 1.1 in HTML).

Attributes come as text to be put behind the name of an element, each with a space before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import NamedTuple

import pyoxigraph as ox

from foedera import terms

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*(?=:)")
_WEB = ("http", "https")

_MARKUP = frozenset((terms.RDF + "HTML", terms.RDF + "XMLLiteral"))
"""Datatypes whose value would be read from the markup inside an element."""


class _Short(NamedTuple):
    """An IRI as an attribute has it, and the prefix that this takes, if any."""

    text: str
    name: str = ""
    space: str = ""


class Names:
    """Names of namespaces, as far as marks can use these, and what IRIs they make short."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        named = {name or "ns": space for name, space in sorted(prefixes.items(), reverse=True)}
        self._names = {
            space: name
            for name, space in named.items()
            if _NAME.fullmatch(name) and name not in _WEB
        }
        self.short = lru_cache(maxsize=20_000)(self._short)

    def _short(self, iri: str) -> _Short:
        """As short as the names make it. `short` is this, remembered: the same properties and
        things are marked on page after page."""
        end = len(iri)
        while (end := max(iri.rfind("/", 0, end), iri.rfind("#", 0, end))) > 0:
            space, rest = iri[: end + 1], iri[end + 1 :]
            if rest and not rest.startswith("//") and space in self._names:
                name = self._names[space]
                return _Short(_attribute(f"{name}:{rest}"), name, space)
        scheme = _SCHEME.match(iri)
        if scheme and scheme[0] not in _WEB:
            return _Short(_attribute(iri), scheme[0], f"{scheme[0]}:")
        return _Short(_attribute(iri))


class Clash(Exception):
    """A prefix is also the scheme of an IRI, which would be read as a short form of another."""


class Marks:
    """The marks of one page, and the prefixes that they use, of those with some `Names`.

    In RDFa ``name:rest`` is short for an IRI wherever ``name`` is a prefix, and some are prefixes
    everywhere (the initial context): so a scheme other than http is declared to be itself.
    """

    def __init__(self, names: Names) -> None:
        self._names = names
        self._used: dict[str, str] = {}
        self._clashes: set[str] = set()

    @property
    def prefix(self) -> str:
        """The attribute that declares what is used. Raises Clash where that cannot be."""
        if self._clashes:
            raise Clash(self._clashes)
        text = " ".join(f"{name}: {space}" for name, space in sorted(self._used.items()))
        return f' prefix="{_attribute(text)}"' if text else ""

    def about(self, node: ox.NamedNode | str) -> str:
        """What all inside an element is said of, unless it says otherwise."""
        return f' about="{self._resource(node)}"'

    def value(
        self,
        predicate: ox.NamedNode,
        node: ox.NamedNode | str,
        inverse: bool = False,
        mirrors: Sequence[ox.NamedNode] = (),
    ) -> str:
        """That something has a value; ``inverse``, that it is a value of that; ``mirrors`` are
        the properties of which it is a value as well.

        A blank node is a name. What stands inside the element is said of it.
        """
        name, resource = self._iri(predicate.value), self._resource(node)
        if inverse:
            how = f'rev="{name}"'
        elif mirrors:
            backwards = " ".join(self._iri(one.value) for one in mirrors)
            how = f'rel="{name}" rev="{backwards}"'
        else:
            how = f'{"rel" if isinstance(node, str) else "property"}="{name}"'
        return f' {how} resource="{resource}"'

    def literal(
        self, predicates: Sequence[ox.NamedNode], value: ox.Literal, shown: str | None
    ) -> str:
        """That something has a text, of which an element shows ``shown`` and nothing else, or
        None where it shows something else."""
        names = " ".join(sorted(self._iri(one.value) for one in predicates))
        kind = value.datatype.value
        exact = shown == value.value and "\r" not in value.value and kind not in _MARKUP
        content = "" if exact else f' content="{_attribute(value.value)}"'
        if value.language:
            return f' property="{names}" lang="{value.language}"{content}'
        return f' property="{names}" datatype="{self._iri(kind)}"{content}'

    def _resource(self, node: ox.NamedNode | str) -> str:
        return f"_:{node}" if isinstance(node, str) else self._iri(node.value)

    def _iri(self, iri: str) -> str:
        """As short as the prefixes make it."""
        text, name, space = self._names.short(iri)
        if name and self._used.setdefault(name, space) != space:
            self._clashes.add(name)
        return text


def _attribute(text: str) -> str:
    return escape(text).replace("\r", "&#13;")
