"""Who says so: the page of one statement; and the words of sources, where their texts are given.

The texts are not ours to publish: no release and no worker ever has them. A front reads one from
the operator's folder when a page shows its words, and makes sure that it is the text that was read.
"""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, render_template

from foedera import evidence, formats
from foedera.formats import Format
from foedera.web import context, paging
from foedera.web.replies import reply

TEXTS = "foedera.texts"
"""Where an application keeps the files of the texts, among Flask's extensions."""

AROUND = 60
"""How many characters before and after the words of evidence are shown."""

WHOLE = 20_000
"""Up to how many characters a text is shown in one piece; of a longer one pages show parts."""

PLAIN = 2_000
"""Of a longer stretch without a mark, or within one, the middle is left out."""

QUOTED = 300
"""Up to how many characters are quoted beside a stretch."""


class Texts:
    """The texts in a folder, by the SHA-256 of each, whatever its file is called."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    @classmethod
    def read(cls, folder: str) -> Texts:
        """Those in a folder; none for "", nor where the folder has gone since the start."""
        path = Path(folder).expanduser()
        return cls(evidence.checksums(path) if folder and path.is_dir() else {})

    def of(self, checksum: str) -> str | None:
        """The text with a checksum, or None: also where its file holds another one by now."""
        file = self._files.get(checksum)
        if file is None:
            return None
        try:
            content = file.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(content).hexdigest() != checksum:
            return None
        return content.decode("utf-8", errors="replace")


def texts() -> Texts:
    found: Texts = current_app.extensions[TEXTS]
    return found


def has_text(checksum: str) -> bool:
    """Whether the text with a checksum is given."""
    return _text_of(checksum) is not None


def _text_of(checksum: str) -> str | None:
    """The text with a checksum, read once for a page."""
    known: dict[str, str | None] = g.setdefault("texts", {})
    if checksum not in known:
        known[checksum] = texts().of(checksum)
    return known[checksum]


# The page of a statement


def answer(iris: Sequence[str], code: str, fmt: Format, vary: Sequence[str]) -> Response:
    """Who says the statement with a code that is on the page of the first of some IRIs."""
    asked = {"iris": iris, "code": code, "languages": context.languages()}
    if fmt is not formats.HTML:
        return reply(context.ask_page("why", **asked, engine=fmt.engine).body(), fmt, vary)
    content = json.loads(context.ask_page("why", **asked).body())
    quoted = any(has_text(one["sha256"]) or one["exact"] for one in content["evidence"])
    body = render_template("why.html", it=content, quoted=quoted)
    return reply(body, fmt, vary)


def why_at(statement: Mapping[str, Any]) -> str:
    """Where a statement has its own page; "" where it is on no page of a thing."""
    return paging.further(statement["at"], f"why={statement['code']}") if statement["at"] else ""


def turned_to(place: Sequence[int | None]) -> str:
    """The page of this source whose first stretch is at two offsets; those without come last."""
    start, end = place
    known = start is not None and end is not None
    return paging.here(f"at={start}-{end}" if known else f"at={10**15 - 1}-0")


def words_at(stretch: Mapping[str, Any]) -> str:
    """Where the very words of evidence stand on the page of its source."""
    start, end = stretch["start"], stretch["end"]
    if start is None or end is None:
        return paging.further(stretch["source"]["iri"])
    return f"{paging.further(stretch['source']['iri'], f'at={start}-{end}')}#c{start}-{end}"


# The words of a source


@dataclass(frozen=True)
class Quote:
    """The words of evidence, with a little of what stands around them."""

    before: str
    words: str
    after: str
    cut: bool


def quote(stretch: Mapping[str, Any]) -> Quote | None:
    """The words that evidence points at; None without the text, or where they are not those that
    were meant."""
    text = _text_of(stretch["sha256"])
    start, end = stretch["start"], stretch["end"]
    if text is None or not _inside(start, end, text) or not _meant(text[start:end], stretch):
        return None
    before = text[max(0, start - AROUND) : start].rpartition("\n")[2]
    after = text[end : end + AROUND].partition("\n")[0]
    if start > AROUND and len(before) == AROUND:
        before = "…" + before.partition(" ")[2] if " " in before else "…" + before
    if len(text) > end + AROUND and len(after) == AROUND:
        after = after.rpartition(" ")[0].rstrip(" ,;:.") + "…" if " " in after else after + "…"
    words = text[start:end]
    return Quote(before, words[:PLAIN], after, len(words) > PLAIN)


def _inside(start: int | None, end: int | None, text: str) -> bool:
    return start is not None and end is not None and start < end <= len(text)


def _meant(words: str, stretch: Mapping[str, Any]) -> bool:
    digest = stretch["digest"]
    return not digest or hashlib.sha256(words.encode()).hexdigest().startswith(digest)


@dataclass(frozen=True)
class Piece:
    """A piece of a text: ``open`` begins the mark of a stretch, with the ``name`` of its anchor the
    first time, and may be what was ``asked`` for; ``close`` ends one; ``text`` leads ``to`` the
    innermost stretch around it, which may be told of ``here``; ``gap`` stands for so many
    characters (``left_out``)."""

    kind: str
    text: str = ""
    name: str = ""
    to: str = ""
    here: bool = False
    asked: bool = False
    left_out: int = 0


@dataclass(frozen=True)
class Shown:
    """A text, or a part of it, in paragraphs, with the stretches marked."""

    paragraphs: Sequence[Sequence[Piece]]
    quotes: Mapping[tuple[int, int], str]


def marked(source: Mapping[str, Any]) -> Shown | None:
    """The text of a source with its stretches marked, as `provenance.panel` tells of them; None
    without the text."""
    text = _text_of(source["sha256"])
    if text is None:
        return None
    begin, stop = 0, len(text)
    if not source["all"] or len(text) > WHOLE:
        shown = [one["start"] for one in source["stretches"] if one["start"] is not None]
        begin = shown[0] if shown and source["before"] else 0
        after = source["after"][0] if source["after"] else None
        stop = len(text) if after is None else after
    listed = {(one["start"], one["end"]) for one in source["stretches"]}
    marks = [(start, end) for start, end in source["marks"] if _inside(start, end, text)]
    quotes = {
        (one["start"], one["end"]): text[one["start"] : one["end"]][: QUOTED + 1]
        for one in source["stretches"]
        if _inside(one["start"], one["end"], text) and _meant(text[one["start"] : one["end"]], one)
    }
    asked = (source["at"][0], source["at"][1]) if source["at"] else None
    return Shown(list(pieces(text, begin, min(stop, len(text)), marks, listed, asked)), quotes)


Mark = tuple[int, int]


def pieces(
    text: str,
    begin: int,
    stop: int,
    marks: Sequence[Mark],
    listed: Collection[Mark] = (),
    asked: Mark | None = None,
) -> Iterator[list[Piece]]:
    """Part of a text in paragraphs. Marks that stand in each other are nested; one that overlaps
    another's end is taken up again behind it, as is one that goes on in the next paragraph. Of a
    long part those without a mark are left out."""
    wanted = sorted({one for one in marks if one[0] < stop and one[1] > begin}, key=_outer)
    covered = _covered(wanted)
    named: set[Mark] = set()
    left_out = 0
    for match in re.finditer(r"[^\n]+", text[begin:stop]):
        first, last = begin + match.start(), begin + match.end()
        at = bisect_right(covered, first, key=lambda one: one[1])
        touched = at < len(covered) and covered[at][0] < last
        if not touched and stop - begin > WHOLE:
            left_out += last - first
            continue
        if left_out:
            yield [Piece("gap", left_out=left_out)]
            left_out = 0
        inside = [one for one in wanted if one[0] < last and one[1] > first] if touched else []
        yield list(_paragraph(text, first, last, inside, listed, named, asked))
    if left_out:
        yield [Piece("gap", left_out=left_out)]


def _covered(marks: Sequence[Mark]) -> list[Mark]:
    """The stretches that some marks cover together, in order."""
    found: list[Mark] = []
    for start, end in marks:
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _outer(mark: Mark) -> tuple[int, int]:
    return mark[0], -mark[1]


def _paragraph(
    text: str,
    first: int,
    last: int,
    marks: Sequence[Mark],
    listed: Collection[Mark],
    named: set[Mark],
    asked: Mark | None,
) -> Iterator[Piece]:
    bounds = sorted(
        {first, last, *(max(first, m[0]) for m in marks), *(min(last, m[1]) for m in marks)}
    )
    open_: list[Mark] = []
    for here, following in zip(bounds, [*bounds[1:], last], strict=True):
        ended = [one for one in open_ if min(last, one[1]) <= here]
        again: list[Mark] = []
        while ended:
            one = open_.pop()
            yield Piece("close")
            if one in ended:
                ended.remove(one)
            else:
                again.append(one)
        fresh = [one for one in marks if max(first, one[0]) == here < one[1]]
        for one in sorted((*again, *fresh), key=_outer):
            open_.append(one)
            name = "" if one in named else f"c{one[0]}-{one[1]}"
            yield Piece("open", name=name, asked=one == asked)
            named.add(one)
        if here < following:
            yield from _text(text[here:following], open_, listed)


def _text(text: str, open_: Sequence[Mark], listed: Collection[Mark]) -> Iterator[Piece]:
    to, here = "", False
    if open_ and re.search(r"\w", text):
        inner = min(open_, key=lambda one: one[1] - one[0])
        to, here = f"e{inner[0]}-{inner[1]}", inner in listed
    if len(text) <= 2 * PLAIN:
        yield Piece("text", text, to=to, here=here)
        return
    yield Piece("text", text[:PLAIN], to=to, here=here)
    yield Piece("gap", left_out=len(text) - 2 * PLAIN)
    yield Piece("text", text[-PLAIN:], to=to, here=here)


def install(app: Flask, folder: str) -> None:
    app.extensions[TEXTS] = Texts.read(folder)
    app.jinja_env.globals.update(
        why_at=why_at,
        turned_to=turned_to,
        words_at=words_at,
        quote=quote,
        marked_text=marked,
        has_text=has_text,
    )
