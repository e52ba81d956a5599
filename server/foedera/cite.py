"""How a thing is cited: what a citation says, as a line and for reference managers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera import formats
from foedera.describe import Found, find, signs
from foedera.formats import Format
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

BIBTEX = Format("BibTeX", "application/x-bibtex", "bib", names=("bibtex",))
RIS = Format("RIS", "application/x-research-info-systems", "ris")
CSL = Format(
    "CSL-JSON",
    "application/vnd.citationstyles.csl+json",
    "csl",
    aliases=("application/json",),
    names=("csl-json", "json"),
)
FORMATS = (formats.TEXT, BIBTEX, RIS, CSL)
"""The formats of citations. A plain line first: for a client that accepts anything."""


@dataclass(frozen=True)
class Citation:
    """What is said of a thing as it stands in a release.

    ``within`` is the title of the dataset, "" for the dataset itself; ``version`` what the dataset
    calls itself. ``date`` is the day of the release, in ISO 8601 as ``accessed`` is; ``iri`` the
    thing's own, whatever host was asked.
    """

    iri: str
    title: str
    language: str
    authors: tuple[str, ...]
    publisher: str
    within: str
    date: str
    version: str
    release: str
    accessed: str

    @property
    def key(self) -> str:
        """A name for the entry, in signs that every program takes, the same in every release."""
        plain = re.sub(r"\W+", "-", re.sub(r"^\w+://", "", self.iri), flags=re.ASCII).strip("-")
        if re.fullmatch(r"[\w/:.~#-]+", self.iri, re.ASCII) and len(plain) <= 120:
            return plain
        return f"{plain[:100]}-{hashlib.sha256(self.iri.encode()).hexdigest()[:8]}"

    @property
    def edition(self) -> str:
        """Which state of the data this is."""
        release = f"release {self.release}"
        return f"{self.version} ({release})" if self.version else release

    @property
    def sentence(self) -> str:
        """The title and what it is a part of."""
        return f"{self.title.rstrip('.')}. {self.within}" if self.within else self.title


def bibtex(it: Citation) -> str:
    """An entry of BibTeX: ``@dataset`` for a dataset, which BibLaTeX knows, else ``@misc``.

    Names in two pairs of braces are kept whole: an organisation has no surname, and no style makes
    the letters of a title small.
    """
    fields = {
        "author": " and ".join(f"{{{_tex(name)}}}" for name in it.authors),
        "title": f"{{{_tex(it.title)}}}",
        "howpublished": _tex(it.within),
        "publisher": _tex(it.publisher),
        "year": it.date[:4],
        "month": str(int(it.date[5:7])),
        "version": _tex(it.edition),
        "url": it.iri,
        "urldate": it.accessed,
        "note": f"Accessed {it.accessed}",
    }
    kind = "misc" if it.within else "dataset"
    lines = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{it.key},\n{lines}}}\n"


_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",  # BibTeX counts the braces of \{ as well
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: "\\" + sign for sign in "%&#$_"},
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in text)


def ris(it: Citation) -> str:
    """A record of RIS: a dataset, or an electronic page within it."""
    return "".join(f"{tag}  - {value}\r\n" for tag, value in _ris(it)) + "ER  - \r\n"


def _ris(it: Citation) -> Iterator[tuple[str, str]]:
    yield "TY", "ELEC" if it.within else "DATA"
    yield "ID", it.key
    for name in it.authors:
        yield "AU", name
    day = it.date.replace("-", "/")
    fields = {
        "TI": it.title,
        "T2": it.within,
        "PB": it.publisher,
        "PY": it.date[:4],
        "DA": day,
        "ET": it.edition,
        "LA": it.language,
        "UR": it.iri,
        "Y2": it.accessed.replace("-", "/"),
    }
    yield from ((tag, value) for tag, value in fields.items() if value)


def csl(it: Citation) -> str:
    """An item of the Citation Style Language, in a list as its schema has it."""
    item = {
        "id": it.key,
        "type": "entry" if it.within else "dataset",
        "title": it.title,
        "container-title": it.within,
        "author": [{"literal": name} for name in it.authors],
        "publisher": it.publisher,
        "issued": _parts(it.date),
        "accessed": _parts(it.accessed),
        "version": it.edition,
        "URL": it.iri,
        "language": it.language,
    }
    told = {name: value for name, value in item.items() if value}
    return json.dumps([told], ensure_ascii=False, indent=2) + "\n"


def _parts(date: str) -> dict[str, list[list[int]]]:
    return {"date-parts": [[int(part) for part in date.split("-")]]}


def line(it: Citation) -> str:
    """A citation to read, and to paste."""
    edition = f"Version {it.edition}" if it.version else it.edition.capitalize()
    return f"{sentences(it, edition)} (accessed {it.accessed})\n"


def sentences(it: Citation, edition: str) -> str:
    """Who, what, which state of it and where, with the state in words of some language; what
    nobody has made begins with its title."""
    authors, year = ", ".join(it.authors) or it.publisher, f"({it.date[:4]})"
    begun = [f"{authors} {year}", it.sentence] if authors else [f"{it.sentence.rstrip('.')} {year}"]
    told = [*begun, edition, it.iri]
    return ". ".join(one.rstrip(".") for one in told)


WRITERS = {BIBTEX: bibtex, RIS: ris, CSL: csl, formats.TEXT: line}


def of(store: Store, words: Words, found: Found, authors: Sequence[str]) -> dict[str, Any]:
    """What a citation of the first thing of a document says, which has some ``authors`` (IRIs): the
    fields of `Citation`, without the day of access."""
    thing = found.things[0]
    publication = store.manifest["publication"]
    whole = title_of(store, words)
    itself = whole and thing.value == publication["dataset"]
    title = whole if whole and itself else words.label(thing)
    makers = [words.label(ox.NamedNode(iri))["text"] for iri in authors]
    publisher = _line(publication["publisher"])
    return vars(
        Citation(
            iri=thing.value,
            title=_line(title["text"]),
            language=title["language"],
            authors=tuple(map(_line, makers)) or ((publisher,) if publisher else ()),
            publisher=publisher,
            within=_line(whole["text"]) if whole and not itself else "",
            date=store.manifest["created"][:10],
            version=_line(publication["version"]),
            release=store.manifest["release"],
            accessed="",
        )
    )


def title_of(store: Store, words: Words) -> dict[str, str] | None:
    """The title of the dataset as its readers read it best; None where it has none."""
    titles = store.manifest["publication"]["titles"].items()
    return words.best([ox.Literal(text, language=tag or None) for tag, text in titles])


def cited(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """`of` the first of ``iris`` that is known, as JSON; for readers of some ``languages``.

    Raises NotFound where nothing is known of any.
    """
    found = find(store, call["iris"])
    reply.head({})
    authors = signs(store, found)["authors"]
    content = of(store, Words(store, call["languages"]), found, authors)
    reply.write(json.dumps(content, ensure_ascii=False).encode())


def _line(text: str | None) -> str:
    """A text on one line, without signs that none of the formats can hold."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text or "").split())


OPERATIONS = {"cite": cited}
"""What a worker can tell of citations, by name."""
