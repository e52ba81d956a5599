"""What a file is in truth, where it does not parse since it is in no format, or in another one."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePosixPath

from foedera import formats
from foedera.check.findings import Spot
from foedera.check.turtle import Mistake
from foedera.formats import Format

_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"PK\x03\x04")
_BINARY = {b"%PDF-": "PDF", b"{\\rtf": "RTF", b"\xd0\xcf\x11\xe0": "OLE"}
"""How files begin that are no text. Those of office programs are archives, too."""

_NO_RDF = frozenset(["csv", "tsv", "xlsx", "xls", "ods", "docx", "doc", "odt", "pdf", "md", "yaml"])
"""Endings of files that say nothing as RDF, which may be sent by mistake."""

_PAGE = re.compile(r"\s*(?:<!doctype html|<html\b)", re.IGNORECASE)
_QUERY = re.compile(
    r"^\s*((?:select\s+(?:(?:distinct|reduced)\s+)?[?*(]|(?:construct|ask)\s*(?:where\s*)?\{"
    r"|describe\s+[?<\w]|(?:insert|delete)\s+(?:(?:data|where)\s*)?\{))",
    re.IGNORECASE | re.MULTILINE,
)
_JSON = re.compile(r'\s*(?:\{\s*"|\[\s*\{\s*")')
_XML = re.compile(r"\s*<(?:\?xml|!DOCTYPE|\w*:?RDF[\s>])")
_TURTLE = re.compile(
    r"(?:\s*#[^\n]*\n)*\s*(?:@prefix|@base|prefix\s|base\s|<\w+://[^>\s]*>\s|_:|\w*:\w+\s)",
    re.IGNORECASE,
)

_NAMES = {
    formats.JSON_LD: _JSON,
    formats.RDF_XML: _XML,
    formats.TURTLE: _TURTLE,
}
_TURTLES = (formats.TURTLE, formats.TRIG, formats.N_TRIPLES, formats.N_QUADS)


def no_text(name: str, content: bytes) -> Mistake | None:
    """That the bytes of a file are no text at all; None where they may be one."""
    ending = _ending(name)
    if ending in _NO_RDF and content.startswith((*_PACKED, *_BINARY)):
        return Mistake("encoding-no-rdf", _START, {"what": ending.upper()})
    if content.startswith(_PACKED):
        return Mistake("encoding-packed", _START)
    for mark, what in _BINARY.items():
        if content.startswith(mark):
            return Mistake("encoding-no-rdf", _START, {"what": what})
    return None


def _ending(name: str) -> str:
    return PurePosixPath(name).suffix[1:].lower()


def other(name: str, text: str, fmt: Format, wrong: Collection[int]) -> Mistake | None:
    """What a text is that does not parse as ``fmt``; None where it may well be that.

    ``name`` is the file's, ``wrong`` are the lines that do not parse.
    """
    ending = _ending(name)
    if ending in _NO_RDF:
        return Mistake("encoding-no-rdf", _START, {"what": ending.upper()})
    if _PAGE.match(text):
        return Mistake("encoding-no-rdf", _START, {"what": "HTML"})
    if text.startswith("---\n"):
        return Mistake("encoding-no-rdf", _START, {"what": "YAML"})
    query = _QUERY.search(text) if fmt in _TURTLES else None
    if query and text.count("\n", 0, query.start(1)) + 1 in wrong:  # it stands in no literal
        return Mistake("encoding-no-rdf", _START, {"what": "SPARQL"})
    for meant, form in _NAMES.items():
        near = meant is fmt or (meant is formats.TURTLE and fmt in _TURTLES)
        if not near and form.match(text):
            words = {"what": meant.label, "format": fmt.label, "ending": f".{meant.ending}"}
            return Mistake("encoding-other-format", _START, words)
    return None


_START = Spot(1, 1, 1, 2)
