"""Contributions: offered by anybody where that is on, decided on by who has the token.

Nothing of an offer is shown but to its contributor, who has its address, and to who decides. The
token comes in the body of a request or in a header, and never of itself: no other site can send it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, render_template, request

from foedera import formats, offers, write
from foedera.errors import (
    BadRequest,
    FoederaError,
    Nonconforming,
    NotFound,
    Refused,
    Unauthorized,
    Unavailable,
)
from foedera.service import CHECKS
from foedera.web import check, context
from foedera.web.replies import once
from foedera.web.write import served

bp = Blueprint("offers", __name__)

_OFFERED = (formats.PLAIN_JSON, formats.HTML)
"""The formats of answers: programs say nothing, or that they take any."""

_FIELDS = ("contributor", "contact", "source", "note")

_PASS = 3_600
"""Seconds for which a page of a reviewer can be gone on from without the token."""

_DECIDED = 50
"""How many offers that are decided on are listed."""

_FINDINGS = 100


@bp.after_request
def never_found(response: Response) -> Response:
    """Whoever follows a link to an offer must not tell others of it."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


# Offering


@bp.get("/contributions")
def form() -> Response:
    """The page on which something is offered."""
    _must_be_on()
    context.only()
    context.accepted(formats.HTML)
    return once(_form(()), formats.HTML)


@bp.post("/contributions")
def offer() -> Response:
    """Keep what is sent, after a look at it: 201, and where its contributor finds it.

    What has violations is refused, 422, unless ``anyway`` asks for it; what cannot be read or
    could never be accepted is refused in any case.
    """
    _must_be_on()
    context.only(*_FIELDS, "agree", "anyway", "type", "name", "format")
    check.make_room()
    fmt = context.asked(*_OFFERED) or context.accepted(*_OFFERED)
    try:
        return _offered(fmt)
    except FoederaError as fault:
        if fmt is not formats.HTML:
            raise
        page = _form(_sent_back(), problem=fault)
        return once(page, fmt, fault.status, fault.retry_after)


def _offered(fmt: formats.Format) -> Response:
    sender = offers.Sender(
        **{name: request.values.get(name, "").strip() for name in _FIELDS},
        license=context.live().release.manifest["publication"]["license"],
    )
    if not _ticked("agree"):
        raise BadRequest(
            "Nothing says that it may be published",
            "Tick that you agree; a program says agree=yes.",
        )
    sent = check.texts()
    if len(sent) > 1:
        raise BadRequest("There is more than one text", "Offer them one after the other.")
    checked = json.loads(check.worked("offer", document=check.as_call(sent[0])))
    report = check.Shown(checked["report"])
    if not checked["readable"] or not (report.conforms or _ticked("anyway")):
        if fmt is formats.HTML:
            return once(_form(sent, shown=report), fmt, Nonconforming.status)
        raise _nonconforming(report, bool(checked["readable"]))
    kept, secret = _offers().keep(
        sent[0].content,
        sender,
        checked,
        context.client(),
        context.settings().contributions_waiting,
        _published(),
    )
    address = f"/contributions/{kept.id}-{secret}"
    response = _account(kept, address, fmt, new=True)
    response.status_code = 201
    response.autocorrect_location_header = False
    response.headers["Location"] = address
    return response


def _nonconforming(report: check.Shown, readable: bool) -> Nonconforming:
    count = report.severities.get("violation", 0)
    ask = "Mend it and offer it again; or ask for it to be looked at as it is, with anyway=yes."
    own = [one for one in report.content["findings"] if one["standing"] in ("", "introduced")]
    told = ("severity", "code", "focus", "path", "value", "file", "line", "column", "fix")
    return Nonconforming(
        f"It has {count:,} violation{'s' if count > 1 else ''}: it was not kept",
        ask if readable else "Mend it, and offer it again.",
        findings=[
            {"message": check.best(one["messages"])["text"], **{name: one[name] for name in told}}
            for one in own[:_FINDINGS]
        ],
    )


def _form(
    sent: Sequence[check.Sent],
    shown: check.Shown | None = None,
    problem: FoederaError | None = None,
) -> str:
    text = sent[0].text if sent else ""
    return render_template(
        "offers.html",
        it=shown,
        problem=problem,
        text=text or "",
        lost=text is None,
        given={name: request.form.get(name, "") for name in _FIELDS},
        agreed=_ticked("agree"),
        mendable=shown is None or not _unreadable(shown),
        types=formats.GRAPHS,
        chosen_type=request.form.get("type", ""),
        bytes=context.settings().check_bytes,
        example=check.example(),
    )


def _unreadable(shown: check.Shown) -> bool:
    found = shown.content["findings"]
    return any(one["kind"] == "syntax" and one["severity"] == "violation" for one in found)


def _sent_back() -> Sequence[check.Sent]:
    try:
        return check.texts()
    except FoederaError:
        return ()


# What became of it


@bp.get("/contributions/<name>")
def account(name: str) -> Response:
    """What became of an offer, for its contributor."""
    context.only("format")
    fmt = context.asked(*_OFFERED) or context.accepted(*_OFFERED)
    return _account(_offers().known(name), request.path, fmt)


@bp.post("/contributions/<name>")
def withdraw(name: str) -> Response:
    """Take an offer back, as its contributor."""
    context.only("format")
    fmt = context.asked(*_OFFERED) or context.accepted(*_OFFERED)
    known = _offers().known(name)
    if request.form.get("do") != "withdraw":
        raise BadRequest("What is to be done with it?", "A contributor can say do=withdraw.")
    _offers().withdraw(known.id, _published())
    return _account(known, request.path, fmt)


def _account(it: offers.Offer, address: str, fmt: formats.Format, new: bool = False) -> Response:
    became = it.became(_published())
    if fmt is not formats.HTML:
        return _json({**_summary(it, became), "address": address})
    page = render_template(
        "offer.html",
        it=it,
        became=became,
        address=address,
        new=new,
        shown=check.Shown(it.report),
    )
    return once(page, fmt)


def _summary(it: offers.Offer, became: offers.Decision) -> dict[str, Any]:
    """An offer for its contributor."""
    return {
        "id": it.id,
        "state": became.state,
        "reason": became.reason,
        "offered": it.when,
        "decided": became.when if became.state != offers.WAITING else None,
        "media_type": it.media_type,
        "sha256": it.sha256,
        "triples": it.triples,
        "release": it.release,
        "findings": dict(check.Shown(it.report).severities),
    }


# Deciding


@bp.get("/contributions/review")
def door() -> Response:
    """Where who decides gives the token."""
    _must_be_reviewed()
    context.only()
    context.accepted(formats.HTML)
    return once(render_template("review.html"), formats.HTML)


@bp.post("/contributions/review")
def review() -> Response:
    """List what waits, show one, decide on it: ``do`` is list, show, text, accept or refuse."""
    context.only("format")
    fmt = context.asked(*_OFFERED) or context.accepted(*_OFFERED)
    try:
        goes_on = _pass()
    except Unauthorized as fault:
        if fmt is not formats.HTML:
            raise
        page = render_template("review.html", problem=fault)
        return once(page, fmt, fault.status)
    do, name = request.form.get("do", "list"), request.form.get("id", "")
    if do == "list":
        return _list(fmt, goes_on)
    it = _offers().get(name)
    if do == "text":
        kept = once(it.text.read_bytes(), formats.TEXT)
        kept.headers["Content-Disposition"] = f'attachment; filename="{it.id}.{it.ending}"'
        return kept
    problem = None
    try:
        if do in _DECISIONS:
            _DECISIONS[do](it)
        elif do != "show":
            raise BadRequest(f"{do[:40]!r} is nothing that is done with a contribution")
    except FoederaError as fault:
        if fmt is not formats.HTML:
            raise
        problem = fault
    return _one(it, fmt, goes_on, problem)


def _accept(it: offers.Offer) -> None:
    writer = context.site().writer
    if writer is None:
        raise Unavailable("The writer is being started", "Try again in a moment.", retry_after=1)
    done = writer.do("accept", {"id": it.id, "who": _who(), "reason": _reason()})
    served(done["file"])
    request.environ[context.LIVE] = context.site().live  # what is shown next is after this


def _refuse(it: offers.Offer) -> None:
    _offers().refuse(it.id, _who(), _reason(), _published())


_DECISIONS = {"accept": _accept, "refuse": _refuse}


def _list(fmt: formats.Format, goes_on: str) -> Response:
    published = _published()
    found = [(one, one.became(published)) for one in _offers().all()]
    waiting = [pair for pair in found if pair[1].state == offers.WAITING]
    decided = [pair for pair in found if pair[1].state != offers.WAITING]
    if fmt is not formats.HTML:
        return _json({"contributions": [_for_reviewers(*pair) for pair in (*waiting, *decided)]})
    page = render_template(
        "review.html",
        waiting=waiting,
        decided=decided[:_DECIDED],
        left_out=len(decided[_DECIDED:]),
        goes_on=goes_on,
        who=_who(),
    )
    return once(page, fmt)


def _one(
    it: offers.Offer, fmt: formats.Format, goes_on: str, problem: FoederaError | None
) -> Response:
    became = it.became(_published())
    told = context.live().pool.call(
        CHECKS,
        "difference",
        {**it.as_call(), "languages": context.languages()},
        whole=True,
    )
    content = json.loads(told.body())
    if fmt is not formats.HTML:
        report = {"report": it.report, "difference": content}
        return _json({**_for_reviewers(it, became), **report})
    page = render_template(
        "review_one.html",
        it=it,
        became=became,
        difference=content,
        shown=check.Shown(it.report),
        goes_on=goes_on,
        who=_who(),
        reason=request.form.get("reason", "") if problem else "",
        problem=problem,
    )
    return once(page, fmt, problem.status if problem else 200)


def _for_reviewers(it: offers.Offer, became: offers.Decision) -> dict[str, Any]:
    return {**_summary(it, became), **asdict(it.sender), "reviewer": became.who}


# Who may, and whether at all


def _must_be_on() -> None:
    if not context.settings().contributions:
        raise Refused(
            "Contributions are not taken here",
            "Whoever runs the site allows it by FOEDERA_CONTRIBUTIONS=1.",
        )


def _must_be_reviewed() -> None:
    if not context.settings().review_token:
        raise Refused(
            "Contributions are not decided on here: no token is set",
            "Whoever runs the site allows it by FOEDERA_REVIEW_TOKEN; "
            "'foedera contributions' does it at the command line.",
        )


def _pass() -> str:
    """What the next pages go on with instead of the token, for a while. Raises Refused where there
    is no token at all, and Unauthorized where neither it nor such a pass is given."""
    _must_be_reviewed()
    token = context.settings().review_token
    given = request.form.get("token", "")
    now = int(time.time())
    until, _, _ = given.partition(".")
    good = (
        write.same(given, token)
        or write.bears(request.headers.get("Authorization", ""), token)
        or (until.isdecimal() and int(until[:12]) > now and write.same(given, _signed(until)))
    )
    if not good:
        raise Unauthorized(
            "This is not the token with which one decides here",
            "Send it in the field 'token', or in the header 'Authorization: Bearer TOKEN'.",
        )
    return _signed(str(now + _PASS))


def _signed(until: str) -> str:
    """A pass that holds until a moment, which only who knows the token can make."""
    key = hashlib.sha256(context.settings().review_token.encode()).digest()
    return f"{until}.{hmac.digest(key, until.encode(), 'sha256').hex()}"


def _ticked(name: str) -> bool:
    return request.values.get(name, "").lower() in ("yes", "true", "1", "on")


def _who() -> str:
    return request.form.get("who", "").strip()[:200]


def _reason() -> str:
    return request.form.get("reason", "").strip()[:2_000]


def _offers() -> offers.Offers:
    found = context.site().offers
    if found is None:
        raise NotFound("There is no such contribution")
    return found


def _published() -> frozenset[str]:
    return offers.in_release(context.live().release)


def _json(content: Mapping[str, Any]) -> Response:
    body = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return once(body, formats.PLAIN_JSON)
