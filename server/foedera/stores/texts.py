"""The text of a query, changed as far as an engine elsewhere needs it."""

from __future__ import annotations

import re

from foedera.errors import BadRequest

_LEX = re.compile(
    r"""
    \"\"\"(?:[^"\\]|\\.|"(?!""))*+\"\"\" | '''(?:[^'\\]|\\.|'(?!''))*+'''
  | "(?:[^"\\\r\n]|\\.)*+" | '(?:[^'\\\r\n]|\\.)*+'
  | <[^<>"{}|^`\\\x00-\x20]*+> | \#[^\r\n]*+ | [?$]\w++
  | (?P<prefix>[\w.\-]*+):(?:[^\x00-\x20<>"'{}()\[\];,|^`?$/*+!=&\#\\]|\\.)*+
  | (?P<word>[A-Za-z_]++) | (?P<bracket>[{}()])
    """,
    re.VERBOSE | re.DOTALL,
)
"""Words and brackets of a query, past all in which there might seem to be some."""


_BASE = re.compile(r"<[^>]*>")
_TERM = re.compile(r"#[^\r\n]*|<[^>]*>|[^\s#<]+")
_PROLOGUE = frozenset({"BASE", "PREFIX"})


class Text:
    """A query, as far as it must be changed for an engine elsewhere. It has been parsed."""

    def __init__(self, text: str) -> None:
        self._text = text
        lexed = [one for one in _LEX.finditer(text) if one.lastgroup]
        self.prefixes = {one["prefix"] for one in lexed if one.lastgroup == "prefix"}
        self._found = [one for one in lexed if one.lastgroup != "prefix"]
        self._words = [one.group().upper() for one in self._found]
        self.names_graphs = "GRAPH" in self._words

    def described(self) -> tuple[str, list[str], str] | None:
        """Of a DESCRIBE what comes before it, its terms, and what comes after; else None."""
        at = next((at for at, word in enumerate(self._words) if word not in _PROLOGUE), 0)
        if self._words[at : at + 1] != ["DESCRIBE"]:
            return None
        start = self._found[at].end()
        end = self._found[at + 1].start() if at + 1 < len(self._found) else len(self._text)
        terms = [one for one in _TERM.findall(self._text[start:end]) if one[0] != "#"]
        return self._text[: self._found[at].start()], terms, self._text[end:]

    def sent(self, base: str, prefixes: dict[str, str], blank: str, values: dict[str, str]) -> str:
        """The text with a base and with prefixes, unless it has its own; with ``values`` bound by
        name; and with ``isBlank`` and ``isIRI`` as they are meant where blank nodes are IRIs that
        begin with ``blank``."""
        declared = "".join(
            f"PREFIX {prefix}: <{iri}>\n"
            for prefix, iri in prefixes.items()
            if prefix in self.prefixes
        )
        own = _BASE.search(self._text, self._at("BASE")) if "BASE" in self._words else None
        before = declared if own else f"BASE <{base}>\n{declared}"
        start = own.end() if own else 0  # some read a base in the first place only
        changes = [(start, start, f"\n{before}")]
        if values:
            names = " ".join(f"?{name}" for name in values)
            bound = f" VALUES ({names}) {{ ({' '.join(values.values())}) }} {{"
            opening, closing = self._pattern()
            changes += [(opening, opening, bound), (closing, closing, "}")]
        for at, one in enumerate(self._found):
            kind = one.group().upper()
            if kind in ("ISBLANK", "ISIRI", "ISURI"):
                closing = self._closing(at + 1)
                not_ = "" if kind == "ISBLANK" else "!"
                inside = self._text[self._found[at + 1].end() : closing]
                changes.append((one.start(), one.start(), "("))
                added = f' && {not_}STRSTARTS(STR({inside}), "{blank}"))'
                changes.append((one.start(), one.end(), "isIRI"))
                changes.append((closing + 1, closing + 1, added))
        text = self._text
        for start, end, new in sorted(changes, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _at(self, word: str) -> int:
        return self._found[self._words.index(word)].end()

    def _closing(self, opening: int) -> int:
        """The offset of the bracket that closes one."""
        depth = 0
        for one in self._found[opening:]:
            if one.lastgroup == "bracket":
                depth += 1 if one.group() in "{(" else -1
                if not depth:
                    return one.start()
        raise ValueError("a bracket does not close")

    def _pattern(self) -> tuple[int, int]:
        """The offsets within which the outermost pattern stands."""
        depth = 0
        kind = next((word for word in self._words if word not in _PROLOGUE), "")
        template = kind == "CONSTRUCT"
        for at, one in enumerate(self._found):
            if one.group() in ("{", "("):
                if one.group() == "{" and not depth and not template:
                    return one.end(), self._closing(at)
                depth += 1
            elif one.group() in ("}", ")"):
                depth -= 1
                template = template and depth > 0
        raise BadRequest("The query has no pattern in which a value could be bound")
