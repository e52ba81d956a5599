"""What is wrong where JSON or XML does not parse, and what to write instead.

The parsers of the standard library say where they stop, and what they would have liked there. What
people did is read from the letters around that place (RFC 8259; XML 1.0, section 2.1). After each
mistake that can be undone without moving anything it is read again: one run tells of all of them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from foedera.check.scanner import Lines
from foedera.check.turtle import Mistake

_MOST = 20
"""Mistakes of one file that are told of: it is read once for each."""

_AROUND = 200
"""Characters before a place that are looked at for what stands there."""

_LARGE = 1_000_000
"""Characters of a file of which the first mistake alone is told."""


@dataclass(frozen=True)
class _Wrong:
    """A mistake between two places of a text; ``mended`` is as long as what stands there, and lets
    the rest be read. Without it the reading ends."""

    code: str
    start: int
    end: int
    words: dict[str, str] = field(default_factory=dict)
    fix: str = ""
    mended: str | None = None


def _all(text: str, first: Callable[[str], _Wrong | None]) -> list[Mistake]:
    """The mistakes of a text, each the first of what the ones before have left."""
    lines = Lines(text)
    found: list[Mistake] = []
    while len(found) < _MOST:
        wrong = first(text)
        if wrong is None:
            break
        spot = lines.spot(wrong.start, max(wrong.end, wrong.start + 1))
        found.append(Mistake(wrong.code, spot, wrong.words, wrong.fix))
        if (
            len(text) > _LARGE
            or wrong.mended is None
            or wrong.mended == text[wrong.start : wrong.end]
        ):
            break
        text = text[: wrong.start] + wrong.mended + text[wrong.end :]
    return found


# JSON

_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_OTHER_QUOTES = re.compile(r"'((?:[^'\\\n]|\\.)*)'|[“”„]([^“”\n]*)[“”]|‘([^‘’\n]*)’")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/|#[^\n]*", re.DOTALL)
_WORD = re.compile(r"[^\W\d](?:[\w:.-]*\w)?")
_MEANT = {"True": "true", "False": "false", "None": "null", "undefined": "null", "NULL": "null"}
_CLOSING = {"{": "}", "[": "]"}


def json_mistakes(text: str) -> list[Mistake]:
    """What is wrong with a text as JSON, in its order; none where it is JSON."""
    return _all(text, _wrong_json)


def _wrong_json(text: str) -> _Wrong | None:
    try:
        json.loads(text, parse_int=len)  # a long number is one all the same
    except json.JSONDecodeError as fault:
        return _of_json(text, fault.msg, fault.pos)
    return None


def _of_json(text: str, said: str, at: int) -> _Wrong:
    at += len(text[at:]) - len(text[at:].lstrip())
    next_ = text[at : at + 1]
    before = len(text[:at].rstrip())
    comment = _COMMENT.match(text, at)
    if comment:
        return _Wrong("parse-json-comment", at, comment.end(), {}, "", _blank(comment[0]))
    if not text.strip():
        return _Wrong("parse-json-empty", 0, 1)
    if said.startswith(("Unterminated string", "Invalid control character")):
        start = at if said.startswith("Unterminated") else text.rfind('"', 0, at)
        end = text.find("\n", start)
        return _Wrong("parse-json-text", start, end if end >= 0 else len(text))
    if said.startswith("Invalid \\"):
        return _Wrong("parse-json-escape", at, at + 2, {"text": text[at : at + 2]}, "", "  ")
    if said == "Extra data":
        if next_ in ("}", "]"):
            return _Wrong("parse-unopened-bracket", at, at + 1, {"text": next_}, "", " ")
        return _Wrong("parse-json-ended", at, at + 1)
    if text[before - 1 : before] == "," and next_ in ("}", "]"):
        return _Wrong("parse-json-comma", before - 1, before, {}, "", " ")
    if next_ == ":" and said == "Expecting ',' delimiter":
        return _Wrong("parse-json-no-brace", at, at + 1, {}, "", ",")
    if next_ == "," and text[before - 1 : before] in (",", "[", "{"):
        return _Wrong("parse-json-comma", at, at + 1, {}, "", " ")
    if said.startswith("Expecting '") and at == before and next_:
        if text[at - 1] == '"' and _WORD.match(text, at):
            return _Wrong("parse-quote-inside", at - 1, at, {"text": '"'})
        value = re.search(r"[\d.]+$", text[max(at - _AROUND, 0) : at])
        rest = re.compile(r"[\w.:+/-]+").match(text, at)
        if value and rest:  # as of a date
            return _unquoted(text, at - len(value[0]), rest.end())
    quoted = _OTHER_QUOTES.match(text, at)
    if quoted:
        inner = next(one for one in quoted.groups() if one is not None)
        fix = json.dumps(inner.replace("\\'", "'"), ensure_ascii=False)
        words = {"text": quoted[0][:60], "fix": fix[:60]}
        return _Wrong("parse-json-quotes", at, quoted.end(), words, fix, _filler(quoted[0]))
    if said in ("Expecting ',' delimiter", "Expecting ':' delimiter"):
        if not next_ or (next_ in ("}", "]") and "," in said):
            return _unclosed(text, at, next_)
        mark, name = (",", "comma") if "," in said else (":", "colon")
        gap = text[before : before + 1] if before < at else ""
        mended = mark if gap else None
        return _Wrong(f"parse-json-no-{name}", before, before + len(gap), {}, mark, mended)
    word = _WORD.match(text, at)
    if word and word[0] in _MEANT and said == "Expecting value":
        fix = _MEANT[word[0]]
        words = {"text": word[0], "fix": fix}
        return _Wrong("parse-json-word", at, word.end(), words, fix, "1" * len(word[0]))
    if word:
        return _unquoted(text, at, word.end())
    if not next_ and text.strip():
        return _unclosed(text, at, next_)
    if next_ in ("}", "]", ",") and text[before - 1 : before] == ":":
        return _Wrong("parse-json-no-value", before - 1, before)
    return _Wrong("parse-json", at, at + 1, {"words": said})


def _unquoted(text: str, start: int, end: int) -> _Wrong:
    shown = text[start:end]
    fix = json.dumps(shown, ensure_ascii=False)
    words = {"text": shown[:60], "fix": fix[:60]}
    return _Wrong("parse-json-quotes", start, end, words, fix, _filler(shown))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _filler(text: str) -> str | None:
    """Some string of JSON that is as long as a text."""
    return f'"{"x" * (len(text) - 2)}"' if len(text) > 1 else None


def _unclosed(text: str, at: int, found: str) -> _Wrong:
    """A bracket that is open at a place, where another one is closed or the text ends."""
    bare = _STRING.sub(lambda one: " " * len(one[0]), text[:at])
    opened: list[int] = []
    for mark in re.finditer(r"[\[\]{}]", bare):
        if mark[0] in _CLOSING:
            opened.append(mark.start())
        elif opened:
            opened.pop()
    if found and len(opened) < 2:  # it closes nothing that is open
        return _Wrong("parse-unopened-bracket", at, at + 1, {"text": found}, "", " ")
    if not opened:
        return _Wrong("parse-json", at, at + 1, {"words": "Expecting value"})
    start = opened[-1]
    words = {"text": text[start], "close": _CLOSING[text[start]]}
    return _Wrong("parse-unclosed-bracket", start, start + 1, words)


# XML


def xml_mistakes(text: str, prefixes: Mapping[str, str]) -> list[Mistake]:
    """What is wrong with a text as XML with namespaces, in its order; none where it is XML.

    ``prefixes`` are known ones, by name. Entities of a document's own are not looked at.
    """
    return _all(text, lambda left: _wrong_xml(left, prefixes))


def _wrong_xml(text: str, prefixes: Mapping[str, str]) -> _Wrong | None:
    parser = expat.ParserCreate(namespace_separator="")
    starts = [0, *(mark.end() for mark in re.finditer("\n", text))]
    encoded = text.encode()
    opened: list[int] = []

    def closed(_: Any) -> None:
        opened.pop()

    def declared(*_: Any) -> None:
        raise _Entities

    parser.StartElementHandler = lambda *_: opened.append(parser.CurrentByteIndex)
    parser.EndElementHandler = closed
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(encoded, True)
    except expat.ExpatError as fault:
        at = starts[fault.lineno - 1] + fault.offset
        inner = len(encoded[: opened[-1]].decode()) if opened else None
        return _of_xml(text, expat.errors.messages[fault.code], at, inner, prefixes)
    except _Entities:
        return None
    return None


class _Entities(Exception):
    """Here an entity is declared: nothing behind that is read."""


def _of_xml(
    text: str, said: str, at: int, inner: int | None, prefixes: Mapping[str, str]
) -> _Wrong:
    """What is wrong at a place, where the element is open that begins at another."""
    tag = re.compile(r"</?([^\s/<>]*)")
    if said == "mismatched tag" and inner is not None:
        start = text.rfind("<", 0, at)
        open_, close = tag.match(text, inner), tag.match(text, start)
        if open_ and close:
            line = str(text.count("\n", 0, inner) + 1)
            fix = f"</{open_[1]}>"
            words = {"open": f"<{open_[1]}>", "line": line, "close": f"</{close[1]}>", "fix": fix}
            return _Wrong("parse-xml-tag", start, close.end() + 1, words, fix)
    if said == "no element found" and inner is not None:
        open_ = tag.match(text, inner)
        if open_:
            words = {"open": f"<{open_[1]}>", "fix": f"</{open_[1]}>"}
            return _Wrong("parse-xml-unclosed", inner, open_.end(), words)
    if said == "unbound prefix":
        end = text.find(">", at)
        for name in re.finditer(r"(?<=[<\s])([\w.-]+):[\w.-]+(?=[\s=/>])", text[at : end + 1]):
            declared = re.search(rf"xmlns:{re.escape(name[1])}\s*=", text[: end + 1])
            if not declared and name[1] not in ("xml", "xmlns"):
                fix = f'xmlns:{name[1]}="{prefixes.get(name[1], "…")}"'
                start = at + name.start()
                words = {"prefix": name[1], "fix": fix}
                return _Wrong("parse-xml-prefix", start, at + name.end(1), words, fix)
    entity = re.compile(r"&(\w+);").match(text, at)
    if said == "undefined entity" and entity:
        fix = html.unescape(entity[0])
        if fix == entity[0]:
            fix = "…"
        elif fix.isspace() or not fix.isprintable():
            fix = "".join(f"&#{ord(letter)};" for letter in fix)
        words = {"text": entity[0], "fix": fix}
        return _Wrong("parse-xml-entity", at, entity.end(), words, fix, " " * len(entity[0]))
    if said == "not well-formed (invalid token)":
        amp = text.rfind("&", 0, at)
        if amp >= 0 and re.fullmatch(r"&#?\w*", text[amp:at]):
            return _Wrong("parse-xml-sign", amp, amp + 1, {"text": "&"}, "&amp;", " ")
        if text[at - 1 : at] == "<" and not re.match(r"[\w/!?]", text[at : at + 1]):
            return _Wrong("parse-xml-sign", at - 1, at, {"text": "<"}, "&lt;", " ")
        if text[at : at + 1] == "<":
            return _Wrong("parse-xml-sign", at, at + 1, {"text": "<"}, "&lt;", " ")
        attribute = re.search(r"([\w:.-]+)\s*=\s*$", text[max(at - _AROUND, 0) : at])
        value = re.compile(r"[^\s>\"'/]+").match(text, at)
        if attribute and value:
            words = {"name": attribute[1], "text": value[0][:60]}
            return _Wrong("parse-xml-quotes", at, value.end(), words, f'"{value[0]}"')
    return _Wrong("parse-xml", at, at + 1, {"words": said})
