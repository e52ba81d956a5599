"""The page's own words in the reader's language, from one table: ``phrases/*.toml``.

A phrase is named by its English text, as templates write it; the table has it in the other
languages. What the data says is not here: that has its own labels, in whatever languages it has.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, g, request
from markupsafe import Markup, escape

from foedera.dates import in_words
from foedera.languages import primary
from foedera.web import context, links
from foedera.words import MARKS

LANGUAGES = dict(zip(context.LANGUAGES, ("English", "Italiano", "日本語"), strict=True))
"""The languages of the page's own words, each by its own name."""

_NAMES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "la": "Latin",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
    "zh": "Chinese",
}
"""The languages that are called by a name, and not by their code."""

_LONGEST = 1000
"""The longest text that is looked for in the table: a stranger's words may be in it, and patterns
take their time with long ones."""

_FOLDER = Path(__file__).parent / "phrases"


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """All phrases: by their English text, the text in each other language."""
    found: dict[str, Mapping[str, str]] = {}
    for file in sorted(_FOLDER.glob("*.toml")):
        found.update(tomllib.loads(file.read_text(encoding="utf-8")))
    return found


def say(text: str, **values: Any) -> Markup:
    """A phrase in the language of the page, with values put in for ``{name}``.

    The phrase may hold markup; values are escaped unless they are markup themselves. Numbers are
    written with the thousands' mark of the language.
    """
    said = _said(text, context.language())
    if not values:
        return said
    shown = {
        name: number(value) if isinstance(value, int) else escape(value)
        for name, value in values.items()
    }
    return Markup(str(said).format(**shown))


@lru_cache(maxsize=10_000)
def _said(text: str, language: str) -> Markup:
    return Markup(table().get(text, {}).get(language, text))


def many(count: int, one: str, more: str, **values: Any) -> Markup:
    """The phrase for one or for several, with ``{n}`` for the count."""
    return say(one if count == 1 else more, n=count, **values)


def number(value: int) -> str:
    """A whole number as the language of the page writes it."""
    return f"{value:,}".replace(",", MARKS[context.language()][0])


def date(text: str) -> str:
    """A date, or the day of a moment, in words."""
    day = text.partition("T")[0]
    return in_words(day, context.language()) or day


def language_name(tag: str) -> str:
    """A language as the page calls it: by its name, where we know it, or else by its code."""
    main, dash, rest = tag.partition("-")
    name = _NAMES.get(main.lower())
    if name is None:
        return tag
    return f"{say(name)} ({rest})" if dash else str(say(name))


def told(text: str) -> Markup:
    """What the program says in English, such as the detail of an error, in the page's language;
    where the table does not have it, as it is, and marked as English."""
    if context.language() == context.LANGUAGES[0]:
        return escape(text)
    found = _translated(text)
    return Markup('<span lang="en">{}</span>').format(text) if found is None else found


def _translated(text: str) -> Markup | None:
    """A text of the program from the table, or None. The program puts its values in before the text
    comes here, so that it is known by what stands round them."""
    row = table().get(text)
    if row is not None:
        return escape(row[context.language()])
    if len(text) > _LONGEST:
        return None
    for shape, phrase in _shapes():
        match = shape.fullmatch(text)
        if match:
            values = {
                name: escape(value) if (known := _translated(value)) is None else known
                for name, value in match.groupdict().items()
            }
            return escape(table()[phrase][context.language()]).format(**values)
    return None


@cache
def _shapes() -> list[tuple[re.Pattern[str], str]]:
    """What the program says by name, as patterns; the most exact ones first."""

    def pattern(text: str) -> re.Pattern[str]:
        parts = (
            re.escape(literal) + (f"(?P<{name}>.*?)" if name else "")
            for literal, name, _, _ in string.Formatter().parse(text)
        )
        return re.compile("".join(parts), re.DOTALL)

    named = [text for text, row in table().items() if row.get("named")]
    named.sort(key=lambda text: -len(re.sub(r"\{\w*\}", "", text)))
    return [(pattern(text), text) for text in named]


def for_scripts() -> dict[str, str]:
    """What the scripts of the query page say, in the page's language."""
    scripts = ((text, row) for text, row in table().items() if row.get("script"))
    return {text: row.get(context.language(), text) for text, row in scripts}


def in_language(tag: str) -> str:
    """This page in a language, as a link of it; for "", in the one that its reader asks for.

    Only the end of the path is named: one that begins with two slashes would name another host.
    """
    kept: str | None = g.get("kept")
    if kept is None:
        kept = g.kept = urlencode(
            [
                (name, value.replace("\r\n", "\n"))  # what a form makes of line ends
                for name, values in request.args.lists()
                for value in values
                if name != "lang" and not context.is_tracker(name)
            ]
        )
    query = "&".join(filter(None, (kept, tag and f"lang={tag}")))
    return f"?{query}" if query else "./" + links.raw_path().rpartition("/")[2]


def unmet() -> list[str]:
    """The languages that the reader would rather have than that of the page, by name."""
    liked = context.languages()
    before = liked[: liked.index("*")] if "*" in liked else liked
    names: dict[str, None] = {}
    for tag in before:
        if primary(tag) == context.language():
            break
        names[language_name(primary(tag))] = None
    return list(names)


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        say=say,
        many=many,
        told=told,
        number=number,
        date=date,
        language_name=language_name,
        for_scripts=for_scripts,
        in_language=in_language,
        unmet=unmet,
        page_languages=LANGUAGES,
        page_language=context.language,
        chosen_language=context.chosen,
    )
