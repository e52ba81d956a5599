"""Texts, links, values and facts as elements of a page, in the language of the page.

Templates call these as they call their own macros. They are functions, since the page of a thing
has them by the hundred: as macros they took most of the time in which a page is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from flask import Flask, g
from markupsafe import Markup, escape

from foedera.web import context, links, paging
from foedera.web.phrases import language_name, number, say

It: TypeAlias = Mapping[str, Any]
"""A text, a link, a value or a fact, as `foedera.show` tells of it; marks of RDFa are in some."""


class _Elements:
    """The elements of one page, as text of HTML."""

    def __init__(self) -> None:
        self._language = context.language()
        self._away = str(say("At its own address"))
        self._inferred = f' <span class="tag">{say("inferred")}</span>'
        self._why = escape(say("Who says so?"))
        self._links: dict[tuple[str, bool], str] = {}

    def words(self, it: It | None, within: str | None = "") -> str:
        """A text, which says its language where that is not the one that it stands ``within``."""
        if not it:
            return ""
        marks, text, language = it.get("rdfa"), escape(it["text"]), it.get("language")
        if marks:
            return f"<span{marks}>{text}</span>{self.twins(it.get('twins') or ())}"
        if language and language != (within or self._language):
            return f'<span lang="{escape(language)}">{text}</span>'
        return f"{text}"

    def twins(self, all_: Sequence[It]) -> str:
        """The same text in other languages: the name of the language is enough for the eye."""
        shown = []
        for it in all_:
            language = it["language"]
            if not language:
                shown.append(f"<meta{it['rdfa']}>")
                continue
            name = f"{escape(language_name(language))}"
            if language != self._language:
                name = f'<span lang="{self._language}">{name}</span>'
            shown.append(f' <span class="tag"{it["rdfa"]}>{name}</span>')
        return "".join(shown)

    def hint(self, text: It | None) -> str:
        """What a thing is, to be read by hovering. It is in the language of the element that it
        stands on, whose words then say their own (`words` with a second argument)."""
        if not text:
            return ""
        title, language = f' title="{escape(text["text"])}"', text["language"]
        return f'{title} lang="{language}"' if language and language != self._language else title

    def link(self, it: It) -> str:
        """What is elsewhere and described here leads to what is said of it here, and from beside
        that away."""
        iri, here, summary = it["iri"], bool(it.get("here")), it.get("summary")
        to = self._href(iri, here)
        if not to:
            return f"<code>{escape(iri)}</code>"
        outside = ' rel="external noreferrer" class="external"' if to.startswith("http") else ""
        label = self.words(it["label"], summary and summary["language"])
        shown = f'<a href="{to}"{outside}{self.hint(summary)}>{label}</a>'
        if it.get("among"):
            shown += f' <span class="tag">{self.words(it["among"])}</span>'
        if not here or not self._href(iri, False):
            return shown
        return (
            f'{shown}<a href="{escape(iri)}" rel="external noreferrer" class="external" '
            f'title="{self._away}" aria-label="{self._away}"></a>'
        )

    def _href(self, iri: str, here: bool) -> str:
        found = self._links.get((iri, here))
        if found is None:
            found = self._links[iri, here] = f"{escape(links.href(iri, here))}"
        return found

    def value(self, it: It) -> str:
        """What stands in the element that `marks` are of."""
        kind, name = it["kind"], it.get("name")
        if kind == "link":
            shown = self.link(it)
        elif kind == "text":
            shown = self._text(it)
        elif kind == "again":
            shown = f'<a href="#b-{escape(name)}">{say("shown above")}</a>'
        elif kind == "elsewhere":
            shown = f'<a class="more" href="{self._further(it)}">{say("on a page of its own")}</a>'
        else:
            shown = self._list(it) if kind == "list" else ""
        if it.get("inferred"):
            shown += self._inferred
        if name and kind in ("blank", "list"):
            alone = escape(links.at(f"/.well-known/genid/{name}"))
            shown += f'<a href="{alone}" title="{say("This part alone")}">#</a>'
        if it.get("why"):
            to = escape(self._why_at(it))
            shown += f'&nbsp;<a href="{to}" title="{self._why}" class="asked">?</a>'
        return shown + self._parts(it) if it.get("parts") else shown

    def _why_at(self, it: It) -> str:
        """Where it is told who says a statement: on a page of what it is said of."""
        asked, code = it.get("asked"), it["why"]
        return paging.further(asked, f"why={code}") if asked else paging.why_href(code)

    def _text(self, it: It) -> str:
        said, text, language, time = it["said"], it["text"], it["language"], it.get("time")
        marks, tag = it.get("rdfa", ""), it["tag"]
        shown = f"{escape(said)}"
        if said.startswith(("http://", "https://")) and " " not in said and "\n" not in said:
            shown = f'<a href="{shown}" rel="external noreferrer" class="external">{shown}</a>'
        if marks or said != text or language:
            spoken = f' lang="{escape(language)}"' if language and not marks else ""
            written = f' title="{escape(text)}"' if said != text else ""
            if time:
                shown = f'<time{marks}{spoken}{written} datetime="{escape(time)}">{shown}</time>'
            else:
                shown = f"<span{marks}{spoken}{written}>{shown}</span>"
        if "\n" in said:
            shown = f"<pre>{shown}</pre>"
        if tag:
            shown += f' <span class="tag">{escape(language_name(tag) if language else tag)}</span>'
        return shown

    def _list(self, it: It) -> str:
        items = "".join(
            f"<li{one['cell']}{self._marks(one)}>{self.value(one)}"
            f"<link{one['cell']}{one['rest']}></li>\n"
            for one in it["items"]
        )
        further = f'<li class="more">{self.value(it["further"])}</li>' if it["further"] else ""
        return f'<ol class="list" id="b-{escape(it["name"])}">\n{items}{further}</ol>'

    def _marks(self, it: It) -> str:
        """The marks of a value, on the element around it; a text has its own closely around it."""
        return it.get("rdfa", "") if it["kind"] != "text" else ""

    def _further(self, it: It) -> str:
        return f"{escape(paging.further(it['iri'], it['query']))}"

    def _more(self, count: int, it: It | None = None) -> str:
        """How many values there are beside those shown, and where."""
        said = say("and {n} more", n=count)
        inside = f'<a href="{self._further(it)}">{said}</a>' if it else said
        return f'<dd class="more">{inside}</dd>'

    def _name(self, fact: It) -> str:
        if not fact.get("inverse"):
            return self.link(fact["property"])
        emphasized = Markup(f"<em>{self.link(fact['property'])}</em>")
        return say("through {property}", property=emphasized)

    def _brief(self, it: It) -> str:
        """A property beside others of its page, which lead to it."""
        summary = it.get("summary")
        if not summary:
            return self.words(it["label"])
        label = self.words(it["label"], summary["language"])
        return f"<span{self.hint(summary)}>{label}</span>"

    def _parts(self, it: It) -> str:
        blank = it["kind"] == "blank" and it.get("name")
        brief = it["kind"] == "link" and it.get("rdfa")
        anchor = f' id="b-{escape(it["name"])}"' if blank else ""
        rows = []
        for fact in it["parts"]:
            name = self._brief(fact["property"]) if brief else self._name(fact)
            values = "".join(
                f"<dd{self._marks(one)}>{self.value(one)}</dd>" for one in fact["values"]
            )
            more, rest = fact.get("more"), fact["count"] - len(fact["values"])
            if more:
                values += self._more(more["count"], more)
            elif rest > 0:
                values += self._more(rest)
            rows.append(f"<div><dt>{name}</dt>{values}</div>\n")
        return f'<dl class="parts"{it.get("about", "")}{anchor}>\n{"".join(rows)}</dl>\n'

    def facts(self, all_: Sequence[It]) -> str:
        """Properties, each with its values."""
        rows = []
        for fact in all_:
            count, more = fact["count"], fact["more"]
            counted = f' <span class="count">{number(count)}</span>' if count > 1 else ""
            values = "".join(
                f"<dd{self._marks(one)}{_OPEN if one.get('parts') else ''}>{self.value(one)}</dd>\n"
                for one in fact["values"]
            )
            values += self._more(more["count"], more) if more else ""
            rows.append(f"<div><dt>{self._name(fact)}{counted}</dt>\n{values}</div>\n")
        return f'<dl class="facts">\n{"".join(rows)}</dl>\n'


_OPEN = ' class="open"'


def _page() -> _Elements:
    """Those of the page that is being made."""
    found: _Elements | None = g.get("elements")
    if found is None:
        found = g.elements = _Elements()
    return found


def words(it: It | None, within: str | None = "") -> Markup:
    return Markup(_page().words(it, within))


def twins(all_: Sequence[It]) -> Markup:
    return Markup(_page().twins(all_))


def hint(text: It | None) -> Markup:
    return Markup(_page().hint(text))


def link(it: It) -> Markup:
    return Markup(_page().link(it))


def value(it: It) -> Markup:
    return Markup(_page().value(it))


def facts(all_: Sequence[It]) -> Markup:
    return Markup(_page().facts(all_))


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        words=words, twins=twins, hint=hint, link=link, value=value, facts=facts
    )
