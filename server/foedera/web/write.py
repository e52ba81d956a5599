"""Writing over HTTP: who may, and what is answered when it is done.

The token is in a header, where no page of another site can put it: cookies and parameters never
allow anything.
"""

from __future__ import annotations

import json
import time
from urllib.parse import unquote_to_bytes

from flask import Response, request

from foedera import formats, write
from foedera.edit import Request
from foedera.errors import (
    BadRequest,
    Overtaken,
    Refused,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)
from foedera.web import context
from foedera.web.replies import once

UPDATE = "application/sparql-update"
FORM = "application/x-www-form-urlencoded"

_PATIENCE = 30.0
"""Seconds that a client waits until all processes serve what it wrote."""

_CHARSETS = ("utf-8", "utf8", "us-ascii")


def authorise() -> None:
    """Let those go on who may write. Raises Refused, Unauthorized.

    To be called before the body is read.
    """
    settings = context.settings()
    if not settings.write_token:
        raise Refused(
            "Nothing is written here: no token is set",
            "Whoever runs the site allows it by FOEDERA_WRITE_TOKEN.",
        )
    header = request.headers.get("Authorization", "")
    if not header:
        raise Unauthorized(
            "To write, the token is needed", "Send the header 'Authorization: Bearer TOKEN'."
        )
    if not write.authorised(settings, header):
        raise Refused(
            "This is not the token with which one writes here",
            "Send the header 'Authorization: Bearer TOKEN'.",
        )
    _make_room()
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("A compressed body is not read", "Send it as it is.")


def _make_room() -> None:
    size = context.settings().write_bytes * 4  # all of it escaped
    request.max_content_length = size
    request.max_form_memory_size = size


def in_utf_8() -> None:
    """Raises UnsupportedMedia for a body that says it is in another charset."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in _CHARSETS:
        raise UnsupportedMedia(f"What is written is not read in {charset}", "Send it in UTF-8.")


def is_update() -> bool:
    """Whether a request at the endpoint is an update (SPARQL 1.1 Protocol, section 2.2)."""
    if request.method != "POST" or request.mimetype not in (UPDATE, FORM):
        return False
    if request.mimetype == UPDATE:
        return True
    if write.authorised(context.settings(), request.headers.get("Authorization", "")):
        _make_room()
    request.get_data()  # which the form is then read from, and which stays
    return "update" in request.form


def updated() -> Response:
    """Do an update. Raises what is wrong with it."""
    authorise()
    in_utf_8()
    if request.mimetype == FORM:
        texts = request.form.getlist("update")
        if len(texts) > 1 or "query" in request.form:
            raise BadRequest("There is more than one update, or a query too", "Send one at a time.")
        body = unquote_to_bytes(request.get_data())
        text = texts[0]
    else:
        body = request.get_data()
        text = body.decode("utf-8", "replace")
    try:
        body.decode()
    except UnicodeDecodeError:
        raise BadRequest("The update is not UTF-8", "Send it in UTF-8.") from None
    size = len(text.encode())
    limit = context.settings().write_bytes
    if size > limit:
        raise TooLarge(f"The update has {size:,} bytes; {limit:,} are read", "Send it in parts.")
    done = apply(
        Request(
            "update",
            text=text,
            using=request.values.getlist("using-graph-uri"),
            using_named=request.values.getlist("using-named-graph-uri"),
        )
    )
    return told(done)


def apply(asked: Request, present: bool | None = None) -> write.Done:
    """Have it done by the site's writer; on return it is on the disk, and served to everybody.

    Raises Unavailable where there is none, and what `write.apply` raises.
    """
    writer = context.site().writer
    if writer is None:
        raise Unavailable("The writer is being started", "Try again in a moment.", retry_after=1)
    order = write.Order(asked, request.headers.get("From", "")[:200], _expected(), present)
    done = writer.apply(order)
    if done.change and not served(done.change):
        note = "It is kept, but not every process of the site serves it yet."
        done = write.Done(**{**vars(done), "notes": [*done.notes, note]})
    return done


def _expected() -> str:
    """The release that If-Match names, or "". Raises Overtaken where it is not the one served."""
    tags = request.if_match
    if not tags or tags.star_tag:
        return ""
    release = context.site().live.release.id
    if not any(tag.startswith(f"{release}-") for tag in tags.as_set()):
        raise Overtaken(
            "What you have read has changed since", "Read it again, and then write what you mean."
        )
    return release


def served(path: str) -> bool:
    """Wait until all processes serve a release that has a file: it may be a later one."""
    site = context.site()
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        serving = site.live.release
        if site.served() == serving.id and any(
            file["path"] == path for file in serving.manifest["files"]
        ):
            return True
        time.sleep(0.01)
    return False


def told(done: write.Done, status: int = 200) -> Response:
    """What was done, as JSON or text."""
    if not done.change:
        message = "Nothing changed"
    else:
        message = f"{done.removed:,} triples removed, {done.added:,} added"
    fmt = formats.pick(request.headers.get("Accept"), (formats.PLAIN_JSON, formats.TEXT))
    if fmt is formats.TEXT:
        body = "\n".join((message, *done.notes)) + "\n"
    else:
        fmt = formats.PLAIN_JSON
        content = {
            "message": message,
            "release": done.release,
            "change": done.change or None,
            "removed": done.removed,
            "added": done.added,
            "notes": done.notes,
        }
        body = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return once(body, fmt, status)
