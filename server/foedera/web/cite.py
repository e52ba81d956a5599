"""How to cite a thing: for reference managers, and as a line on its page."""

from __future__ import annotations

import datetime
import json
from typing import Any

from flask import Blueprint, Flask, Response

from foedera import cite
from foedera.cite import Citation
from foedera.web import context, links
from foedera.web.phrases import say
from foedera.web.replies import once

bp = Blueprint("cite", __name__)


@bp.get("/cite")
def citation() -> Response:
    """A citation of any thing that is described here, as of today."""
    context.only("iri", "format")
    iri = links.asked_iri("Which thing?")
    fmt = context.asked(*cite.FORMATS) or context.accepted(*cite.FORMATS)
    answer = context.ask_page("cite", iris=[iri], languages=context.languages())
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    it = _citation(json.loads(answer.body()), today)
    response = once(cite.WRITERS[fmt](it), fmt)
    response.headers["Vary"] = "Accept, Accept-Language"
    if fmt is not cite.FORMATS[0]:
        response.headers["Content-Disposition"] = f'attachment; filename="{it.key}.{fmt.ending}"'
    return response


def _citation(told: dict[str, Any], accessed: str) -> Citation:
    return Citation(**{**told, "authors": tuple(told["authors"]), "accessed": accessed})


def shown(told: dict[str, Any]) -> str:
    """The citation as a page shows it: the page stays as it is from day to day, so it does not say
    when it was read."""
    it = _citation(told, "")
    edition = (
        say("Version {version} (release {release})", version=it.version, release=it.release)
        if it.version
        else say("Release {release}", release=it.release)
    )
    return cite.sentences(it, edition.unescape())


def install(app: Flask) -> None:
    app.jinja_env.globals.update(citation=shown, citation_formats=cite.FORMATS[1:])
