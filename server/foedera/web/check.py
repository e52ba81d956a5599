"""Checking what people write, before it is published: a form for people, and the same by POST.

Nothing that is sent is kept, and nothing is fetched. The texts are read in a worker that may be
killed; what could not be checked is never said to conform.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, render_template, request

from foedera import formats
from foedera.check import codes
from foedera.check.findings import SEVERITIES, STANDINGS
from foedera.errors import (
    BadRequest,
    EngineFailed,
    FoederaError,
    NotChecked,
    NotFound,
    Refused,
    TimedOut,
    TooLarge,
    UnsupportedMedia,
)
from foedera.formats import Format
from foedera.languages import Order
from foedera.service import CHECKS
from foedera.web import context, write
from foedera.web.replies import once, reply

bp = Blueprint("check", __name__)

SARIF = Format("SARIF", "application/sarif+json", "sarif")
TEXT = replace(formats.TEXT, names=("text",))
JUNIT = Format("JUnit", "application/xml", "xml", aliases=("text/xml",), names=("junit",))

REPORTS = {
    formats.PLAIN_JSON: "json",
    formats.TURTLE: "ttl",
    SARIF: "sarif",
    JUNIT: "junit",
    formats.CSV: "csv",
    TEXT: "text",
}
"""The formats of a report, by what `check.reports` calls them. The first is for who takes any."""

_OFFERED = (*REPORTS, formats.HTML)

_FORM = "multipart/form-data"

_ANY = ("text/plain", "application/octet-stream")
"""Types that say nothing of a text: what it is is then told by its name, or by its begin."""

_ROOM = 200_000
"""Bytes of a form beside the texts in it."""

_BOXES = 500_000
"""The longest text of files, in bytes, that comes back with the page to be mended there."""

_OPEN = 40
"""So many findings of a page are open to the eye; of more there are only the headings."""

_NAME = re.compile(r"[^\w.,+@ -]+")


@dataclass(frozen=True)
class Sent:
    """One text to be checked: what findings call it, its media type or "", and its bytes."""

    name: str
    media_type: str
    content: bytes
    from_file: bool = False

    @cached_property
    def text(self) -> str | None:
        """The text, as a box of a form shows it; None where it is none."""
        try:
            return self.content.decode()
        except UnicodeDecodeError:
            return None


BOX = "text"
"""What findings call what was written into the box."""


@bp.get("/check")
def form() -> Response:
    """The page with the form. Who looks at it is likely to send it: a worker gets ready."""
    context.only()
    context.accepted(formats.HTML)
    context.live().pool.ready(CHECKS)
    return reply(_page(()), formats.HTML)


@bp.post("/check")
def check() -> Response:
    """A report on the texts that are sent, as a form with files, or one as the body.

    The answer is 200 whether they conform or not: it says so itself. Raises UnsupportedMedia,
    TooLarge, BadRequest, TimedOut and NotChecked, where nothing is known of the texts.
    """
    context.only("format", "type", "name", "alone")
    make_room()
    fmt = _wanted()
    sent = texts()
    shapes = _shapes()
    if fmt is not formats.HTML:
        response = once(_judged(sent, shapes, REPORTS[fmt]), fmt)
        if "format" in request.form:
            kept = f'attachment; filename="report.{fmt.ending}"'
            response.headers["Content-Disposition"] = kept
        return response
    try:
        content = json.loads(_judged(sent, shapes, "html"))
    except FoederaError as fault:
        return once(_page(sent, problem=fault), fmt, fault.status, fault.retry_after)
    return once(_page(sent, Shown(content)), fmt)


def make_room() -> None:
    most = context.settings().check_bytes + _ROOM
    request.max_content_length = most
    request.max_form_memory_size = most


def _wanted() -> Format:
    """The format of the report, by a button of the page, ``?format=`` or Accept."""
    name = request.form.get("format")
    if name is None:
        return context.asked(*_OFFERED) or context.accepted(*_OFFERED)
    fmt = formats.by_name(name, _OFFERED)
    if fmt is None:
        raise BadRequest(f"There is no report as {name!r}")
    return fmt


def texts() -> list[Sent]:
    """The texts of the request. Raises BadRequest where there is none."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("A compressed body is not read", "Send it as it is.")
    media_type = named_type(request.values.get("type", ""))
    if request.mimetype == _FORM:
        found = [*_boxes(media_type), *_files("file", media_type)]
    else:
        name = _clean(request.args.get("name", "")) or BOX
        found = [Sent(name, media_type or _type_of_body(), request.get_data())]
    found = [one for one in found if one.content.strip()]
    if not found:
        raise BadRequest(
            "There is nothing to check", "Write something into the box, or choose a file."
        )
    _bounded(found)
    return _told_apart(found)


def _shapes() -> list[Sent]:
    """The shapes of the client's own, where these are allowed. Raises Refused where not."""
    found = list(_files("shapes", ""))
    if found and not context.settings().check_shapes:
        raise Refused(
            "Shapes of strangers are not run here",
            "Whoever runs the site allows it by FOEDERA_CHECK_SHAPES=1.",
        )
    _bounded(found)
    return found


def _bounded(sent: Sequence[Sent]) -> None:
    size = sum(len(one.content) for one in sent)
    most = context.settings().check_bytes
    if size > most:
        raise TooLarge(
            f"What you send has {size:,} bytes; {most:,} are checked at a time", "Send it in parts."
        )


def _boxes(media_type: str) -> Iterator[Sent]:
    """What was written into the boxes; those of files that came back have their names beside."""
    texts, names = request.form.getlist("text"), request.form.getlist("name")
    for place, text in enumerate(texts):
        name = _clean(names[place]) if place < len(names) else ""
        content = text.replace("\r\n", "\n").encode("utf-8", "surrogatepass")
        yield Sent(name or BOX, media_type, content)


def _files(field: str, media_type: str) -> Iterator[Sent]:
    for file in request.files.getlist(field):
        if file.filename:
            yield Sent(_clean(file.filename) or "file", media_type, file.read(), from_file=True)


def _clean(name: str) -> str:
    """The name of a file without its folders, and without what might be taken for more."""
    plain = re.split(r"[/\\]", name)[-1]
    return _NAME.sub("_", plain)[-100:].strip()


def named_type(name: str) -> str:
    fmt = formats.by_name(name, formats.GRAPHS) if name else None
    if name and fmt is None:
        endings = ", ".join(one.ending for one in formats.GRAPHS)
        raise BadRequest(f"There is no format {name[:60]!r}", f"type= is one of {endings}.")
    return fmt.media_type if fmt else ""


def _type_of_body() -> str:
    """The media type of the body, or "" where it says nothing. Raises UnsupportedMedia."""
    write.in_utf_8()
    if request.mimetype in _ANY:
        return ""
    for fmt in formats.GRAPHS:
        if request.mimetype in (fmt.media_type, *fmt.aliases):
            return fmt.media_type
    raise UnsupportedMedia(
        f"Data to be checked is not sent as {request.mimetype or 'nothing in particular'}",
        f"Send it as a form ({_FORM}), or as the body, of type "
        + ", ".join(fmt.media_type for fmt in formats.GRAPHS),
    )


def _told_apart(sent: Sequence[Sent]) -> list[Sent]:
    """The same, none with the name of another."""
    found: dict[str, Sent] = {}
    for one in sent:
        name, number = one.name, 1
        while name in found:
            number += 1
            name = f"{one.name} ({number})"
        found[name] = Sent(name, one.media_type, one.content, one.from_file)
    return list(found.values())


def alone() -> bool:
    """Whether the texts are looked at without what is published."""
    return request.values.get("alone", "").lower() in ("true", "yes", "1")


def _judged(sent: Sequence[Sent], shapes: Sequence[Sent], fmt: str) -> bytes:
    """What a worker makes of the texts."""
    return worked(
        "judge",
        documents=[as_call(one) for one in sent],
        shapes=[as_call(one) for one in shapes],
        alone=alone(),
        format=fmt,
        language=context.language(),
        codes=f"{_home()}check/codes/",
    )


def worked(operation: str, **arguments: Any) -> bytes:
    """What a worker makes of what was sent; it ends when the client leaves.

    Raises TimedOut and NotChecked, where nothing is known of it.
    """
    settings = context.settings()
    seconds = settings.check_seconds
    arguments["memory"] = settings.query_memory * 1_000_000
    gone = request.environ.get("waitress.client_disconnected", lambda: False)
    pool = context.live().pool
    try:
        answer = pool.call(
            CHECKS, operation, arguments, seconds, gone, context.client(), whole=True
        )
        return answer.body()
    except TimedOut:
        raise TimedOut(
            f"The check took longer than {seconds:g} seconds and was ended: whether what you sent "
            "conforms is not known",
            "Send it in parts.",
            retry_after=1,
        ) from None
    except EngineFailed as fault:
        raise NotChecked(
            f"{fault.detail}: whether what you sent conforms is not known",
            "Send it in parts. If it is small already, please report it.",
        ) from None


def as_call(one: Sent) -> dict[str, str]:
    content = base64.b64encode(one.content).decode()
    return {"name": one.name, "type": one.media_type, "content": content}


def _home() -> str:
    """Where this publication says that it is; what a client says of the host is in no answer."""
    base = context.live().base
    return base[: base.rfind("/") + 1]


def _page(
    sent: Sequence[Sent], shown: Shown | None = None, problem: FoederaError | None = None
) -> str:
    """The form, with the texts that came with it, and the report on them."""
    typed = [one for one in sent if one.text is not None and not one.from_file]
    files = [one for one in sent if one.from_file]
    back = [one for one in files if one.text is not None]
    if sum(len(one.content) for one in back) > _BOXES:
        back = []
    settings = context.settings()
    return render_template(
        "check.html",
        it=shown,
        problem=problem,
        boxes=[*typed, *back] or [Sent(BOX, "", b"")],
        lost=[one.name for one in files if one not in back],
        alone=alone(),
        types=formats.GRAPHS,
        chosen_type=named_type(request.values.get("type", "")),
        reports=list(REPORTS),
        bytes=settings.check_bytes,
        own_shapes=settings.check_shapes,
        contributions=settings.contributions,
        example=example(),
    )


def example() -> str:
    """How a text may begin: with the prefixes of this publication."""
    live = context.live()
    prefixes = sorted(live.release.manifest["prefixes"].items())
    own = [one for one in prefixes if one[1].startswith(live.base)]
    return "\n".join(f"@prefix {name}: <{iri}> ." for name, iri in own)


# What a page shows of a report


@dataclass(frozen=True)
class Group:
    """The findings of one code, by one rule, that are of one standing and severity: ``count`` of
    them in all, and those that are shown."""

    standing: str
    severity: str
    slug: str
    rule: str
    count: int
    findings: Sequence[Mapping[str, Any]]
    open: bool

    @property
    def title(self) -> dict[str, str]:
        code = codes.CODES.get(self.slug)
        return best(code.title) if code else {"text": self.slug, "language": "en"}

    @property
    def message(self) -> Mapping[str, str] | None:
        """What all of them say, by language tag; None where each says something else."""
        first, *rest = (one["messages"] for one in self.findings)
        return first if all(one == first for one in rest) else None

    @property
    def left_out(self) -> int:
        return self.count - len(self.findings)


@dataclass(frozen=True)
class Shown:
    """A report as `check.asked` tells it, in the order and the language of a page."""

    content: Mapping[str, Any]

    @property
    def conforms(self) -> bool:
        return bool(self.content["conforms"])

    @property
    def total(self) -> int:
        return sum(count for *_, count in self.content["kinds"])

    @property
    def severities(self) -> dict[str, int]:
        """How many there are of each severity that there is, worst first."""
        return self._counted(SEVERITIES, 1)

    @property
    def standings(self) -> dict[str, int]:
        """How many there are of each standing that there is."""
        return self._counted(STANDINGS, 0)

    def _counted(self, names: Sequence[str], place: int) -> dict[str, int]:
        kinds = self.content["kinds"]
        counts = {name: sum(one[-1] for one in kinds if one[place] == name) for name in names}
        return {name: count for name, count in counts.items() if count}

    def own(self, severity: str) -> int:
        """How many of a severity the texts answer for."""
        kinds = self.content["kinds"]
        return sum(count for *kind, _, _, count in kinds if kind == ["introduced", severity])

    @cached_property
    def parts(self) -> list[tuple[str, list[Group]]]:
        """The groups of findings, by their standing; those of the worst come first, and of these
        the largest."""
        shown: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for number, one in enumerate(self.content["findings"], 1):
            kind = (one["standing"] or "introduced", one["severity"], one["code"], one["rule"])
            shown.setdefault(kind, []).append(one | {"number": number})
        ranked = sorted(
            self.content["kinds"],
            key=lambda one: (STANDINGS.index(one[0]), SEVERITIES.index(one[1]), -one[4], *one[2:4]),
        )
        seen, groups = 0, []
        for standing, severity, slug, rule, count in ranked:
            seen += count
            findings = shown[standing, severity, slug, rule]
            groups.append(Group(standing, severity, slug, rule, count, findings, seen <= _OPEN))
        return [
            (standing, list(of)) for standing, of in groupby(groups, key=lambda one: one.standing)
        ]

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(self.content["known"])


@bp.app_template_global()
def best(texts: Mapping[str, str]) -> dict[str, str]:
    """Of texts by language tag the one that serves the reader best; there must be one."""
    tag = min(texts, key=Order(context.languages()).rank)
    return {"text": texts[tag], "language": tag}


# What the codes mean

_FAMILIES = {
    "parse": "What cannot be read",
    "encoding": "Encodings",
    "prefix": "Prefixes",
    "term": "Classes and properties",
    "iri": "IRIs",
    "thing": "Things that are there already",
    "literal": "Values",
    "date": "Dates",
    "language": "Languages",
    "shape": "What the shapes ask for",
    "shapes": "The shapes themselves",
    "rule": "What the publication asks for by queries",
    "evidence": "Evidence",
    "change": "Changes",
}
"""What the codes are about, by the words that they begin with."""


@bp.get("/check/codes")
def all_codes() -> Response:
    """What can be found, each with a page of its own."""
    context.only("format")
    offered = (formats.HTML, formats.PLAIN_JSON)
    fmt = context.asked(*offered) or context.accepted(*offered)
    order = list(_FAMILIES.values())
    found = sorted(codes.CODES.values(), key=lambda one: (order.index(_family(one)), one.slug))
    if fmt is formats.HTML:
        families = [(name, list(of)) for name, of in groupby(found, key=_family)]
        return reply(render_template("codes.html", families=families), fmt)
    return _json({"codes": [_as_json(one) for one in found]})


@bp.get("/check/codes/<slug>")
def one_code(slug: str) -> Response:
    """What a code means, with an example of the mistake and of what is right."""
    context.only("format")
    offered = (formats.HTML, formats.PLAIN_JSON)
    fmt = context.asked(*offered) or context.accepted(*offered)
    code = codes.CODES.get(slug)
    if code is None:
        raise NotFound(f"There is no code {slug[:60]!r}", "All of them are at /check/codes.")
    if fmt is formats.HTML:
        return reply(render_template("code.html", it=code), fmt)
    return _json(_as_json(code))


def _family(code: codes.Code) -> str:
    return _FAMILIES[code.family]


def _as_json(code: codes.Code) -> dict[str, Any]:
    return {
        "code": code.slug,
        "severity": code.severity,
        "title": dict(code.title),
        "text": dict(code.text),
        "wrong": code.wrong,
        "right": code.right,
    }


def _json(content: Mapping[str, Any]) -> Response:
    body = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return reply(body, formats.PLAIN_JSON)
