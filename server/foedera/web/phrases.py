"""The page's own words in the reader's language, from one table: ``phrases/*.toml``.

A phrase is named by its English text, as templates write it; the table has it in the other
languages. What the data says is not here: that has its own labels, in whatever languages it has.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from foedera.web import context

LANGUAGES = dict(zip(context.LANGUAGES, ("English", "Italiano", "日本語"), strict=True))
"""The languages of the page's own words, each by its own name."""

_THOUSANDS = {"en": ",", "it": ".", "ja": ","}


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """All phrases: by their English text, the text in each other language."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted((Path(__file__).parent / "phrases").glob("*.toml")):
        found.update(tomllib.loads(file.read_text(encoding="utf-8")))
    return found


def say(text: str, **values: Any) -> Markup:
    """A phrase in the language of the page, with values put in for ``{name}``.

    The phrase may hold markup; values are escaped unless they are markup themselves. Numbers are
    written with the thousands' mark of the language.
    """
    language = context.language()
    said = table().get(text, {}).get(language, text)
    if not values:
        return Markup(said)
    shown = {
        name: number(value) if isinstance(value, int) else escape(value)
        for name, value in values.items()
    }
    return Markup(said.format(**shown))


def many(count: int, one: str, more: str, **values: Any) -> Markup:
    """The phrase for one or for several, with ``{n}`` for the count."""
    return say(one if count == 1 else more, n=count, **values)


def number(value: int) -> str:
    """A whole number as the language of the page writes it."""
    return f"{value:,}".replace(",", _THOUSANDS[context.language()])


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        say=say, many=many, number=number, page_languages=LANGUAGES, page_language=context.language
    )
