"""Where else: what an answer leads to, as a Link header and as a link set.

The relations are those of RFC 8288, of signposting's FAIR set, and of Content Negotiation by
Profile, section 7. A header is bounded; the link set (RFC 9264) holds all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from foedera import describe, formats
from foedera.formats import Format, Profile
from foedera.web import context, links

MOST = 3000
"""The longest Link header, in letters, but for the name of what is described."""

ABOUT_PAGE = "https://schema.org/AboutPage"

_IRI_SAFE = "/:@!$&'()*+,;=~-._%#?[]"


@dataclass(frozen=True)
class Link:
    """One link of an answer: how, where to, and what is there."""

    relation: str
    target: str
    type: str = ""
    profile: str = ""
    formats: str = ""

    @property
    def attributes(self) -> dict[str, str]:
        """What is said of the target."""
        said = {"type": self.type, "profile": self.profile, "formats": self.formats}
        return {name: value for name, value in said.items() if value}

    def __str__(self) -> str:
        said = "".join(f'; {name}="{value}"' for name, value in self.attributes.items())
        return f'<{self.target}>; rel="{self.relation}"{said}'


def address(
    document: str, fmt: Format | None = None, profile: Profile | None = None, language: str = ""
) -> str:
    """The address on this host of a document in a format, a profile, a language; each where it is
    given."""
    found = links.address(document, fmt)
    for name, value in (("profile", profile and profile.token), ("lang", language)):
        if value:
            found += f"{'&' if '?' in found else '?'}{name}={value}"
    return found


def of(signs: Mapping[str, Any], canonical: str = "") -> list[Link]:
    """The links of a document, by what `describe.signs` tells of it; what matters most is first.

    ``canonical`` is the document's one name, whichever host, format or language it is read in,
    where that is not what we call it.
    """
    thing, document = _uri(signs["iri"]), signs["document"]
    base = context.live().base
    license_ = context.live().release.manifest["publication"]["license"]
    lasting = not signs["iri"].startswith(describe.genid(base))  # the name of a blank node is none
    found = [
        Link("describes", thing),
        *([Link("cite-as", thing)] if lasting else ()),
        Link("canonical", _uri(canonical or document)),
        *_all("license", [license_] if license_ else []),
        Link("linkset", f"/linkset?iri={quote(signs['iri'], safe='')}", formats.LINKSET.media_type),
        Link("describedby", address(document, formats.TURTLE), formats.TURTLE.media_type),
        *_all("type", [ABOUT_PAGE, *signs["types"]]),
        *_all("author", signs["authors"]),
    ]
    if signs["class"]:
        page = f"/class?iri={quote(signs['class'], safe='')}"
        found.append(Link("collection", page, formats.HTML.media_type))
    found += [
        Link("alternate", address(document, fmt), fmt.media_type)
        for fmt in (formats.HTML, *formats.GRAPHS)
    ]
    found += [
        Link(
            "alternate",
            address(document, None, profile),
            profile=_uri(profile.name(base)),
            formats=" ".join(fmt.media_type for fmt in formats.GRAPHS),
        )
        for profile in formats.PROFILES
    ]
    return found + _all("item", signs["items"])


def members(class_: str, iris: Iterable[str]) -> list[Link]:
    """The links of a page that lists things of a class."""
    return [Link("describes", _uri(class_)), *(Link("item", links.document(iri)) for iri in iris)]


def header(found: Iterable[Link]) -> str:
    """A Link header of the first links, and of those after them for which there is room."""
    entries: list[str] = []
    room = MOST
    for link in found:
        entry = str(link)
        if entries and len(entry) + 2 > room:
            continue
        entries.append(entry)
        room -= len(entry) + 2
    return ", ".join(entries)


def linkset(anchor: str, found: Sequence[Link]) -> str:
    """All links in one JSON document (RFC 9264, section 4.2)."""
    targets: dict[str, list[dict[str, Any]]] = {}
    for link in found:
        said: dict[str, Any] = {"href": link.target}
        for name, value in link.attributes.items():
            said[name] = value if name == "type" else [value]
        targets.setdefault(link.relation, []).append(said)
    content = {"linkset": [{"anchor": anchor, **targets}]}
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _all(relation: str, iris: Iterable[str]) -> list[Link]:
    return [Link(relation, _uri(iri)) for iri in iris]


def _uri(iri: str) -> str:
    """An IRI as it goes over the wire (RFC 3987, section 3.1)."""
    return quote(iri, safe=_IRI_SAFE)
