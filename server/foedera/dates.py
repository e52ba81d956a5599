"""Dates as people say them: the Extended Date/Time Format (EDTF, levels 0 and 1, sets) in words,
and the days that one may mean."""

from __future__ import annotations

import datetime
import re
from calendar import monthrange
from dataclasses import dataclass

_DATE = re.compile(r"(-?\d{4})(?:-(\d\d)(?:-(\d\d))?)?([~?%]?)")

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?:(:\d\d)(?:\.\d+)?)?(?:(Z|[+-]00:00)|([+-]\d\d:\d\d))?"
)

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
}

_PHRASES = {
    "en": {
        "~": "about {0}",
        "?": "perhaps {0}",
        "%": "perhaps about {0}",
        "by": "{0} or earlier",
        "after": "{0} or later",
        "one of": "some time from {0} to {1}",
        "between": "from {0} to {1}",
        "since": "from {0} on",
        "until": "until {0}",
        "from": "from {0}, end not known",
        "to": "until {0}, beginning not known",
        "at": "{0}, {1}",
        "zone": "{0} UTC{1}",
    },
    "it": {
        "~": "circa {0}",
        "?": "forse {0}",
        "%": "forse circa {0}",
        "by": "{0} o prima",
        "after": "{0} o dopo",
        "one of": "in un momento da {0} a {1}",
        "between": "da {0} a {1}",
        "since": "da {0} in poi",
        "until": "fino a {0}",
        "from": "da {0}, fine non nota",
        "to": "fino a {0}, inizio non noto",
        "at": "{0}, ore {1}",
        "zone": "{0} UTC{1}",
    },
    "ja": {
        "~": "{0}頃",
        "?": "{0}（推定）",
        "%": "{0}頃（推定）",
        "by": "{0}以前",
        "after": "{0}以後",
        "one of": "{0}から{1}までのある時点",
        "between": "{0}から{1}まで",
        "since": "{0}以降",
        "until": "{0}まで",
        "from": "{0}から（終わりは不明）",
        "to": "{0}まで（始まりは不明）",
        "at": "{0} {1}",
        "zone": "{0}（UTC{1}）",
    },
}

_SHAPES = (
    (re.compile(r"\[\.\.([^.,\]]+)\]"), "by"),
    (re.compile(r"\[([^.,\[]+)\.\.\]"), "after"),
    (re.compile(r"\[([^.,\[]+)\.\.([^.,\]]+)\]"), "one of"),
    (re.compile(r"([^/.]+)/([^/.]+)"), "between"),
    (re.compile(r"([^/.]+)/\.\."), "since"),
    (re.compile(r"\.\./([^/.]+)"), "until"),
    (re.compile(r"([^/.]+)/"), "from"),
    (re.compile(r"/([^/.]+)"), "to"),
)


def in_words(text: str, language: str) -> str | None:
    """An EDTF text as people say it in English, Italian or Japanese; None where we cannot.

    The text is one of: a date to the year, month or day, perhaps uncertain or approximate
    (``2023-01~``); an interval, perhaps open (``2023/..``) or with an end not known
    (``2023/``); one of a set given by bounds (``[..2023-12-13]``); a day with a time.
    """
    if language not in _PHRASES:
        return None
    alone = _date(text, language) or _moment(text, language)
    if alone:
        return alone
    for shape, name in _SHAPES:
        match = shape.fullmatch(text)
        if match:
            parts = [_date(part, language) for part in match.groups()]
            return _PHRASES[language][name].format(*parts) if all(parts) else None
    return None


def _date(text: str, language: str) -> str | None:
    match = _DATE.fullmatch(text)
    if not match:
        return None
    year, month, day, mark = match.groups()
    if month and not 1 <= int(month) <= 12:
        return None
    if language == "ja":
        plain = f"{int(year)}年"
        plain += f"{int(month)}月" if month else ""
        plain += f"{int(day)}日" if day else ""
    else:
        pieces = [str(int(day))] if day else []
        pieces += [_MONTHS[language].split()[int(month) - 1]] if month else []
        plain = " ".join([*pieces, year])
    return _PHRASES[language][mark].format(plain) if mark else plain


def _moment(text: str, language: str) -> str | None:
    """A day with a time, without seconds where these are none."""
    match = _MOMENT.fullmatch(text)
    day = _date(match[1], language) if match else None
    if match is None or day is None:
        return None
    _, time, seconds, utc, offset = match.groups()
    time += seconds if seconds and seconds != ":00" else ""
    if utc or offset:
        time = _PHRASES[language]["zone"].format(time, offset or "")
    return _PHRASES[language]["at"].format(day, time)


@dataclass(frozen=True)
class Days:
    """The days that a date may mean, counted from year 1: on no day before ``first`` nor after
    ``last``; None where that is not bounded. ``doubtful`` is what says so itself (``~?%``)."""

    first: int | None
    last: int | None
    doubtful: bool = False


_BOUND = re.compile(r"(?<![\d-])(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?![\d])")
_OPEN_BEFORE = re.compile(r"[\[{]?\.\.|/")
_OPEN_AFTER = re.compile(r".*(?:\.\.[\]}]?|/)", re.DOTALL)


def days(text: str) -> Days | None:
    """The days that an EDTF text, or an ISO 8601 date with or without a time, may mean; None for
    what is no date of our era."""
    plain = text.strip().partition("T")[0]
    periods = [_period(*match.groups()) for match in _BOUND.finditer(plain)]
    good = [period for period in periods if period]
    if not good:
        return None
    bare = plain.strip("~?%")
    return Days(
        None if _OPEN_BEFORE.match(bare) else min(first for first, _ in good),
        None if _OPEN_AFTER.fullmatch(bare) else max(last for _, last in good),
        any(mark in plain for mark in "~?%"),
    )


def _period(year: str, month: str | None, day: str | None) -> tuple[int, int] | None:
    """The first and the last day of a year, of a month, or of a day."""
    y, m = int(year), int(month or 1)
    try:
        first = datetime.date(y, m, int(day or 1))
        if day:
            return first.toordinal(), first.toordinal()
        if month:
            return first.toordinal(), first.toordinal() + monthrange(y, m)[1] - 1
        return first.toordinal(), datetime.date(y, 12, 31).toordinal()
    except ValueError:
        return None
