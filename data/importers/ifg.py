"""Turns the Ministers Database of the Institute for Government (CSV) into a publication.

    python data/importers/ifg.py SOURCE TARGET

SOURCE holds the CSV files. TARGET, which must not be there yet, becomes a folder for `foedera
serve`: our ontology without its example queries, our shapes, and the rows as persons, posts,
tenures, organisations and their changes, and events. Each CSV file is a source and each row the
evidence of what was made of it: its place counts the characters of the file decoded as UTF-8,
with the line ends as they are.

Nothing is mended. A row that contradicts itself or another is left out and stands, with the
reason, in TARGET/findings.csv; so do doubtful rows that are kept. Columns that only serve the
publisher's own website are not read.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import re
import shutil
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, fields
from datetime import date
from itertools import accumulate
from pathlib import Path

import pyoxigraph as ox

ROOT = Path(__file__).resolve().parents[2]
BASE = "https://example.org/uk-ministers/"

TABLES = {
    "person": "id! id_parliament name! normalized_name short_name gender start_date end_date",
    "organisation": "id! name! short_name start_date end_date",
    "post": "id! organisation_id! name display_name! rank_equivalence! rank_equivalence_value",
    "appointment": "id! person_id! post_id! start_date! end_date",
    "appointment_characteristics": "id! appointment_id! cabinet_status is_acting is_on_leave "
    "leave_reason start_date! end_date",
    "organisation_link": "id! predecessor_organisation_id! successor_organisation_id! type! "
    "link_start_date! link_end_date!",
    "post_relationship": "id! post_id! group_name! group_seniority!",
    "event": "id! name! type! date!",
}
"""The tables, each after those it refers to; the columns that are read, with a mark on those that
must be filled."""

REFERENCES = {
    "organisation_id": "organisation",
    "person_id": "person",
    "post_id": "post",
    "appointment_id": "appointment",
    "predecessor_organisation_id": "organisation",
    "successor_organisation_id": "organisation",
}
"""The columns that name a row of another table."""

SEVERAL_ROWS = ("person", "organisation_link")
"""Tables where one id has a row for each name of a person, or each part of a reorganisation."""

RANKS = {
    "PM": "Prime Minister",
    "DPM": "Deputy Prime Minister",
    "SoS": "Secretary of State",
    "MoS": "Minister of State",
    "PUSS": "Parliamentary Under-Secretary of State",
}
"""What abbreviated ranks stand for. Where the source leaves that open, the abbreviation stays."""

ONE_HOLDER = ("PM", "DPM", "SoS", "Parl. lead.")
"""Ranks whose posts have one holder at a time: unlike a whip, who has colleagues of the name."""

KINDS = (
    "change dataset event event-type evidence org person place polity post publisher query role "
    "scheme source tenure"
)
PREFIXES = {
    "": "https://w3id.org/foedera/ns#",
    "confidence": "https://w3id.org/foedera/id/confidence/",
    "dcterms": "http://purl.org/dc/terms/",
    "edtf": "http://id.loc.gov/datatypes/edtf/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "http://schema.org/",
    "sh": "http://www.w3.org/ns/shacl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "void": "http://rdfs.org/ns/void#",
    "w3org": "http://www.w3.org/ns/org#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
} | {kind: f"{BASE}id/{kind}/" for kind in KINDS.split()}

PUBLICATION = """
dataset:uk-ministers a void:Dataset ;
    rdfs:label "UK ministers"@en ;
    dcterms:title "Ministers of the United Kingdom since 1979"@en ,
        "Ministri del Regno Unito dal 1979"@it ;
    dcterms:description "Who held which ministerial post in which department of the government of \
the United Kingdom, from when to when, and how departments followed one another. Made from the \
Ministers Database of the Institute for Government; each fact names its row."@en ,
        "Chi ha ricoperto quale carica ministeriale in quale dicastero del governo del Regno \
Unito, da quando a quando, e come i dicasteri si sono succeduti. Tratto dal Ministers Database \
dell'Institute for Government; ogni fatto indica la sua riga."@it ;
    dcterms:rights "Contains the Ministers Database of the Institute for Government, CC BY 4.0, \
turned into linked data; rows that contradict themselves or others were left out."@en ;
    dcterms:license <https://creativecommons.org/licenses/by/4.0/> ;
    dcterms:language "en" ;
    rdfs:seeAlso <https://github.com/instituteforgov/ifg-ministers-database-public> ;
    dcterms:conformsTo <https://w3id.org/foedera/ns> ;
    void:uriSpace "{base}" ;
    void:vocabulary <https://w3id.org/foedera/ns#> , <http://www.w3.org/ns/org#> .

publisher:institute-for-government a foaf:Organization ;
    rdfs:label "Institute for Government"@en .

# The state whose ministers these are: no row says it, the whole database does.

polity:united-kingdom a :Polity ;
    rdfs:label "United Kingdom"@en ;
    skos:prefLabel "United Kingdom"@en ;
    :territory place:united-kingdom .

place:united-kingdom a :Territory ;
    rdfs:label "United Kingdom"@en ;
    skos:prefLabel "United Kingdom"@en .

scheme:ranks a skos:ConceptScheme ;
    rdfs:label "Ranks"@en ;
    skos:definition "The ranks of ministers."@en .

scheme:remits a skos:ConceptScheme ;
    rdfs:label "Remits"@en ;
    skos:definition "What posts of one level answer for, whatever the posts are called."@en .

scheme:standings a skos:ConceptScheme ;
    rdfs:label "Standings"@en ;
    skos:definition "How ministers stand to the cabinet, and to their post."@en .

scheme:event-types a skos:ConceptScheme ;
    rdfs:label "Event types"@en ;
    skos:definition "Kinds of events in the life of a government."@en .

w3org:ChangeEvent rdfs:label "change of organisations"@en .
w3org:originalOrganization rdfs:label "organisation before"@en .
w3org:resultingOrganization rdfs:label "organisation after"@en .

query:home-secretaries a sh:SPARQLExecutable , sh:SPARQLSelectExecutable ;
    rdfs:label "Who was Home Secretary, in order?"@en ;
    sh:select '''
PREFIX : <https://w3id.org/foedera/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>

SELECT ?begins ?ends ?name WHERE {
  ?post skos:prefLabel "Secretary of State for the Home Department"@en .
  ?tenure :post ?post ; :holder/skos:prefLabel ?name ; :begins ?begins .
  OPTIONAL { ?tenure :ends ?ends }
} ORDER BY ?begins
''' .

query:on-a-day a sh:SPARQLExecutable , sh:SPARQLSelectExecutable ;
    rdfs:label "Who held the highest posts on 1 January 2010?"@en ;
    sh:select '''
PREFIX : <https://w3id.org/foedera/ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>

SELECT ?rank ?post ?name WHERE {
  VALUES ?code { "PM" "DPM" "SoS" }
  ?role skos:notation ?code ; skos:prefLabel ?rank .
  ?tenure a :Tenure ; :role ?role ; :earliest ?from ;
    :holder/skos:prefLabel ?name ; :post/skos:prefLabel ?post .
  OPTIONAL { ?tenure :latest ?to }
  BIND("2010-01-01T12:00:00Z"^^xsd:dateTime AS ?day)
  FILTER(?from <= ?day && (!BOUND(?to) || ?day <= ?to))
} ORDER BY ?rank ?post
''' .
"""
"""What the publication says whatever the rows are."""


# Reading


@dataclass(frozen=True)
class Row:
    """One record: its line (from 1), where it starts and ends in the text of the file, the digest
    of its text, and its cells by column."""

    table: str
    line: int
    start: int
    end: int
    digest: str
    cells: Mapping[str, str] = field(hash=False)

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    @property
    def begins(self) -> str:
        return self["start_date"]

    @property
    def ends(self) -> str:
        """The day on which it ends; where it goes on, a day after all others."""
        return self["end_date"] or "9999-12-31"

    @property
    def period(self) -> str:
        return f"{self['start_date'] or '…'} to {self['end_date'] or '…'}"

    def within(self, whole: Row) -> bool:
        return whole.begins <= self.begins and self.ends <= whole.ends


Tables = dict[str, list[Row]]
Fault = Callable[[Row], str]
"""Says what is wrong with a row, or nothing."""


def read(folder: Path, table: str) -> list[Row]:
    """The records of one file. Raises SystemExit where it, or a column of it, is not there."""
    path = folder / f"{table}.csv"
    if not path.is_file():
        raise SystemExit(f"There is no {path}: SOURCE is the folder with the CSV files.")
    lines = list(io.StringIO(path.read_bytes().decode("utf-8"), newline=""))
    starts = list(accumulate(map(len, lines), initial=0))
    reader = csv.reader(lines)
    header = next(reader, [])
    if missing := set(TABLES[table].replace("!", "").split()) - set(header):
        raise SystemExit(f"{path} has no column {', '.join(sorted(missing))}.")
    rows = []
    first = reader.line_num
    for cells in reader:
        text = "".join(lines[first : reader.line_num]).rstrip("\r\n")
        start, end = starts[first], starts[first] + len(text)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        whole = dict(zip(header, cells, strict=True)) if len(cells) == len(header) else {}
        rows.append(Row(table, first + 1, start, end, digest, whole))
        first = reader.line_num
    return rows


# What is wrong in the source


@dataclass(frozen=True)
class Finding:
    """A row that is wrong or doubtful: where it is, whether it was left out, and why."""

    file: str
    line: int
    row: str
    outcome: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.outcome}: {self.why}"


def sift(tables: Tables) -> tuple[Tables, list[Finding]]:
    """The rows that can be published, in the order of time, and what was found.

    A table comes after those it refers to, so that what rests on a row that was left out is left
    out too.
    """
    findings = []
    sound: Tables = {}

    def find(rows: Iterable[Row], outcome: str, fault: Fault) -> list[Row]:
        fine = []
        for row in rows:
            if why := fault(row):
                name = row.cells.get("id", "")
                findings.append(Finding(f"{row.table}.csv", row.line, name, outcome, why))
            else:
                fine.append(row)
        return fine

    for table in TABLES:
        rows = tables[table]
        for fault in (incomplete, repeated(table in SEVERAL_ROWS), misdated, dangling(sound)):
            rows = find(rows, "left out", fault)
        rows = sorted(rows, key=lambda row: (row.cells.get("start_date", ""), row.line))
        if table == "appointment":
            rows = find(rows, "left out", held_already())
        if table == "appointment_characteristics":
            rows = find(rows, "left out", outside_appointment(sound))
        sound[table] = rows
    find(sound["person"], "kept", two_names())
    find(sound["appointment"], "kept", outside_organisation(sound))
    find(sound["appointment"], "kept", two_holders(sound))
    return sound, sorted(findings, key=lambda one: (one.outcome == "kept", one.file, one.line))


def incomplete(row: Row) -> str:
    if not row.cells:
        return "has more or fewer cells than the first line"
    needed = (column[:-1] for column in TABLES[row.table].split() if column.endswith("!"))
    empty = [column for column in needed if not row[column]]
    return f"has no {', '.join(empty)}" if empty else ""


def repeated(several_rows: bool) -> Fault:
    seen: dict[tuple[str, ...], int] = {}

    def fault(row: Row) -> str:
        key = tuple(row.cells.values()) if several_rows else (row["id"],)
        line = seen.setdefault(key, row.line)
        return "" if line == row.line else f"repeats line {line}"

    return fault


def misdated(row: Row) -> str:
    for column, day in row.cells.items():
        if column.endswith("date") and day:
            try:
                exact = date.fromisoformat(day).isoformat() == day
            except ValueError:
                exact = False
            if not exact:
                return f"{column} is {day}, which is no date"
    for first, last in (("start_date", "end_date"), ("link_start_date", "link_end_date")):
        if row.cells.get(last) and row[last] < row[first]:
            return f"ends on {row[last]}, before it begins on {row[first]}"
    return ""


def dangling(sound: Tables) -> Fault:
    known = {table: {row["id"] for row in rows} for table, rows in sound.items()}

    def fault(row: Row) -> str:
        for column, target in REFERENCES.items():
            if column in row.cells and row[column] not in known[target]:
                return f"{column} is that of no row of {target}.csv that was kept"
        return ""

    return fault


def held_already() -> Fault:
    """For rows in time: one that begins while the same person still holds the same post."""
    last: dict[tuple[str, str], Row] = {}

    def fault(row: Row) -> str:
        before = last.setdefault((row["person_id"], row["post_id"]), row)
        if before is not row and row.begins < before.ends:
            return f"overlaps line {before.line}, the same person in the same post"
        last[row["person_id"], row["post_id"]] = row
        return ""

    return fault


def outside_appointment(sound: Tables) -> Fault:
    whole = {row["id"]: row for row in sound["appointment"]}

    def fault(row: Row) -> str:
        appointment = whole[row["appointment_id"]]
        if row.within(appointment):
            return ""
        return f"is {row.period}, its appointment {appointment.period}"

    return fault


def two_names() -> Fault:
    """For rows in time: a name that is taken before the last one is given up."""
    last: dict[str, Row] = {}

    def fault(row: Row) -> str:
        before = last.get(row["id"], row)
        last[row["id"]] = row
        clash = before is not row and row.begins < before.ends
        return f"does not say when it followed the name in line {before.line}" if clash else ""

    return fault


def outside_organisation(sound: Tables) -> Fault:
    body = {row["id"]: row for row in sound["organisation"]}
    home = {row["id"]: body[row["organisation_id"]] for row in sound["post"]}

    def fault(row: Row) -> str:
        whole = home[row["post_id"]]
        if row.within(whole):
            return ""
        return f"is {row.period}, but {whole['name']} was {whole.period}"

    return fault


def two_holders(sound: Tables) -> Fault:
    """For rows in time: one that begins while another holds the post, neither of them acting or
    on leave."""
    single = {row["id"] for row in sound["post"] if row["rank_equivalence"] in ONE_HOLDER}
    excused = {
        row["appointment_id"]
        for row in sound["appointment_characteristics"]
        if "True" in (row["is_acting"], row["is_on_leave"])
    }
    last: dict[str, Row] = {}

    def fault(row: Row) -> str:
        if row["post_id"] not in single or row["id"] in excused:
            return ""
        before = last.get(row["post_id"], row)
        last[row["post_id"]] = row
        clash = before is not row and row.begins < before.ends
        return f"begins before line {before.line}, the same post, ends" if clash else ""

    return fault


# Names


def by(column: str, rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def slug(text: str) -> str:
    """The letters and digits of a text in ASCII, joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", plain.replace("'", "")))


def iri(name: str) -> ox.NamedNode:
    """The node that a prefixed name stands for."""
    prefix, _, rest = name.partition(":")
    return ox.NamedNode(PREFIXES[prefix] + rest)


def local(name: str) -> str:
    return name.partition(":")[2]


def named(kind: str, parts: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """For each id a prefixed name, of as few parts as set it apart, or of the id after all.

    All that share a name get the next part, so that the order of rows does not matter.
    """
    found: dict[str, str] = {}
    for size in range(1, max(map(len, parts.values()), default=0) + 2):
        tried = {
            one: f"{kind}:{slug(' '.join([*some, one][:size]))}"
            for one, some in parts.items()
            if one not in found
        }
        count = Counter([*found.values(), *tried.values()])
        found |= {one: made for one, made in tried.items() if local(made) and count[made] == 1}
    return found


class Names:
    """The prefixed names of things by their ids in the source, and what persons were called."""

    def __init__(self, tables: Tables) -> None:
        orgs, posts, events = tables["organisation"], tables["post"], tables["event"]
        self.called = by("id", tables["person"])
        # The first name, since a peerage changes the last one.
        self.person = named("person", {one: [n[0]["name"]] for one, n in self.called.items()})
        self.org = named("org", {row["id"]: [row["name"], row.begins] for row in orgs})
        self.post = named("post", {row["id"]: self._parts(row) for row in posts})
        self.event = named("event", {row["id"]: [row["name"], row["date"]] for row in events})

    def _parts(self, post: Row) -> list[str]:
        home = local(self.org[post["organisation_id"]])
        return [post["display_name"], home, post["rank_equivalence"]]

    def tenure(self, row: Row) -> str:
        person, post = self.person[row["person_id"]], self.post[row["post_id"]]
        return f"tenure:{local(person)}-{local(post)}-{row.begins}"

    def on(self, person: str, day: str) -> str:
        """What a person was called on a day."""
        rows = self.called[person]
        return next((row["name"] for row in rows if day < row.ends), rows[-1]["name"])


# Saying it in Turtle


def words(text: str) -> ox.Literal:
    return ox.Literal(text, language="en")


def typed(text: str, datatype: str) -> ox.Literal:
    return ox.Literal(text, datatype=iri(datatype))


def triple(subject: str, predicate: str, value: str | ox.Literal) -> ox.Triple:
    return ox.Triple(iri(subject), iri(predicate), iri(value) if isinstance(value, str) else value)


class File:
    """What one Turtle file says, in order; evidence comes after what rests on it."""

    def __init__(self) -> None:
        self._things: list[ox.Triple] = []
        self._evidence: dict[ox.Triple, None] = {}

    def say(self, subject: str, predicate: str, *values: str | ox.Literal) -> None:
        """Say something of a thing. A string is a prefixed name."""
        self._things += [triple(subject, predicate, value) for value in values]

    def introduce(self, subject: str, kinds: str, label: str) -> None:
        self.say(subject, "rdf:type", *kinds.split())
        self.say(subject, "rdfs:label", words(label))
        self.say(subject, "skos:prefLabel", words(label))

    def concept(self, subject: str, scheme: str, label: str, definition: str) -> None:
        self.introduce(subject, "skos:Concept", label)
        self.say(subject, "skos:definition", words(definition))
        self.say(subject, "skos:inScheme", scheme)
        self.say(subject, "skos:topConceptOf", scheme)

    def bounds(self, subject: str, first: str, last: str) -> None:
        """The moments between which a time lies; a day that is empty leaves its side open."""
        if first:
            self.say(subject, ":earliest", typed(f"{first}T00:00:00Z", "xsd:dateTime"))
        if last:
            self.say(subject, ":latest", typed(f"{last}T23:59:59Z", "xsd:dateTime"))

    def dated(self, subject: str, first: str, last: str) -> None:
        """A day or an interval; EDTF leaves an unknown beginning empty."""
        text = first if first == last else f"{first}/{last or '..'}"
        self.say(subject, ":date", typed(text, "edtf:EDTF"))
        self.bounds(subject, first, last)

    def rest(self, subject: str, rows: Iterable[Row]) -> None:
        """Say that something rests on rows."""
        for row in rows:
            name = f"evidence:{slug(row.table)}-{row.line}"
            self.say(subject, ":evidence", name)
            for predicate, value in (
                ("rdf:type", ":Evidence"),
                ("rdfs:label", words(f"{row.table}.csv, line {row.line}")),
                (":source", f"source:{slug(row.table)}"),
                (":start", typed(str(row.start), "xsd:integer")),
                (":end", typed(str(row.end), "xsd:integer")),
                (":digest", ox.Literal(row.digest)),
            ):
                self._evidence[triple(name, predicate, value)] = None

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        triples = [*self._things, *self._evidence]
        ox.serialize(triples, str(path), format=ox.RdfFormat.TURTLE, prefixes=PREFIXES)


def convert(tables: Tables, names: Names) -> dict[str, File]:
    """What each file says, by its path below data/ without the ending."""
    files: dict[str, File] = defaultdict(File)
    concepts(files["concepts"], tables)
    organisations(files["organisations"], tables, names)
    changes(files["changes"], tables, names)
    posts(files["posts"], tables, names)
    persons(files["persons"], names)
    events(files["events"], tables, names)
    tenures(files, tables, names)
    return files


def publication(tables: Tables, names: Names) -> str:
    """The self-description as Turtle, with some of the things of which most is known."""
    held = Counter(row["post_id"] for row in tables["appointment"])
    single = [row["id"] for row in tables["post"] if row["rank_equivalence"] in ONE_HOLDER]
    holders = Counter(row["person_id"] for row in tables["appointment"])
    homes = Counter(row["organisation_id"] for row in tables["post"])
    examples = [
        *(names.post[one] for one in sorted(single, key=lambda one: -held[one])[:3]),
        *(names.person[one] for one, _ in holders.most_common(2)),
        *(names.org[one] for one, _ in homes.most_common(2)),
    ]
    head = "".join(f"@prefix {name}: <{space}> .\n" for name, space in PREFIXES.items())
    tail = [f"dataset:uk-ministers void:exampleResource {one} .\n" for one in examples]
    return "\n".join([head, PUBLICATION.replace("{base}", BASE).lstrip("\n"), "".join(tail)])


def sources(folder: Path) -> File:
    file = File()
    for table in TABLES:
        content = (folder / f"{table}.csv").read_bytes()
        node = f"source:{slug(table)}"
        file.introduce(node, ":Source", f"Ministers Database, {table}.csv")
        file.say(node, "dcterms:identifier", ox.Literal(slug(table)))
        file.say(node, "dcterms:title", words(f"{table}.csv"))
        file.say(node, "dcterms:language", ox.Literal("en"))
        file.say(node, "dcterms:publisher", "publisher:institute-for-government")
        file.say(node, "dcterms:license", "license:")
        reason = "The file does not say when it was made; its checksum tells which one was read."
        file.say(node, ":undatedReason", words(reason))
        file.say(node, ":sha256", ox.Literal(hashlib.sha256(content).hexdigest()))
        file.say(node, ":length", typed(str(len(content.decode("utf-8"))), "xsd:integer"))
        file.say("dataset:uk-ministers", "dcterms:source", node)
    return file


def rank(code: str) -> str:
    return f"role:rank-{slug(RANKS.get(code, code))}"


def remit(row: Row) -> str:
    return f"role:remit-{slug(row['group_name'])}-{slug(row['group_seniority'])}"


def standings(row: Row) -> list[str]:
    """How a minister stood in a period: to the cabinet, and whether acting or on leave."""
    found = [row["cabinet_status"]]
    found += ["Acting"] * (row["is_acting"] == "True")
    found += ["On leave"] * (row["is_on_leave"] == "True")
    return [one for one in found if one]


def standing(label: str) -> str:
    return f"role:standing-{slug(label)}"


def event_type(label: str) -> str:
    return f"event-type:{slug(label)}"


def concepts(file: File, tables: Tables) -> None:
    """The ranks, remits, standings and types of event, as the source names them."""
    ranks = {row["rank_equivalence"]: row["rank_equivalence_value"] for row in tables["post"]}
    for code, place in ranks.items():
        definition = f"A post of the rank {place}, where 1 is the highest."
        file.concept(rank(code), "scheme:ranks", RANKS.get(code, code), definition)
        file.say(rank(code), "skos:notation", ox.Literal(code))
    for node, row in {remit(row): row for row in tables["post_relationship"]}.items():
        name, level = row["group_name"], row["group_seniority"]
        definition = f"A post for {name} at the level {level}."
        file.concept(node, "scheme:remits", f"{name} ({level})", definition)
    periods = tables["appointment_characteristics"]
    for label in sorted({label for row in periods for label in standings(row)}):
        definition = f"A tenure that for all or some of its time was: {label.lower()}."
        file.concept(standing(label), "scheme:standings", label, definition)
    for label in sorted({row["type"] for row in tables["event"] + tables["organisation_link"]}):
        definition = f"What the source calls: {label.lower()}."
        file.concept(event_type(label), "scheme:event-types", label, definition)


def organisations(file: File, tables: Tables, names: Names) -> None:
    for row in tables["organisation"]:
        node = names.org[row["id"]]
        # The source gives no kind; a department or ministry says by its name what it is.
        ministry = row["name"].startswith(("Department ", "Ministry "))
        file.introduce(node, ":Ministry" if ministry else ":PublicBody", row["name"])
        if row["short_name"]:
            file.say(node, "skos:altLabel", words(row["short_name"]))
        file.say(node, ":organOf", "polity:united-kingdom")
        if row["start_date"] or row["end_date"]:
            file.dated(node, row["start_date"], row["end_date"])
        file.say(node, "dcterms:identifier", ox.Literal(row["id"]))
        file.rest(node, [row])


def changes(file: File, tables: Tables, names: Names) -> None:
    """Renamings, mergers, splits and transfers, each an org:ChangeEvent.

    Rows of one reorganisation are one change when they share the body that came of a merger, or
    else the body that was there before: then each body before became each body after.
    """
    bodies = {row["id"]: row for row in tables["organisation"]}
    parts: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in tables["organisation_link"]:
        side = "successor" if row["type"] == "Merger" else "predecessor"
        parts[row["id"], row["type"], row[f"{side}_organisation_id"]].append(row)
    for (_, kind, _), rows in parts.items():
        before = list(dict.fromkeys(row["predecessor_organisation_id"] for row in rows))
        after = list(dict.fromkeys(row["successor_organisation_id"] for row in rows))
        first = min(row["link_start_date"] for row in rows)
        last = max(row["link_end_date"] for row in rows)
        old, new = (" and ".join(bodies[one]["name"] for one in some) for some in (before, after))
        node = "-".join(
            [f"change:{slug(kind)}", *(local(names.org[one]) for one in before + after), first]
        )
        file.introduce(node, "w3org:ChangeEvent :Event", f"{kind}: {old} to {new}, {first[:4]}")
        file.say(node, ":eventType", event_type(kind))
        file.say(node, "w3org:originalOrganization", *(names.org[one] for one in before))
        file.say(node, "w3org:resultingOrganization", *(names.org[one] for one in after))
        file.dated(node, first, last)
        file.say(node, ":unplacedReason", words("The source names no place."))
        file.rest(node, rows)


def posts(file: File, tables: Tables, names: Names) -> None:
    remits = by("post_id", tables["post_relationship"])
    bodies = {row["id"]: row["name"] for row in tables["organisation"]}
    for row in tables["post"]:
        node, code, body = names.post[row["id"]], row["rank_equivalence"], row["organisation_id"]
        file.introduce(node, ":Post", row["display_name"])
        if row["name"] != row["display_name"]:
            file.say(node, "skos:altLabel", words(row["name"]))
        about = f"{RANKS.get(code, code)} in: {bodies[body]}"
        file.say(node, "dcterms:description", words(about))
        file.say(node, ":postIn", names.org[body])
        file.say(node, ":role", rank(code), *map(remit, remits[row["id"]]))
        file.say(node, "dcterms:identifier", ox.Literal(row["id"]))
        file.rest(node, [row, *remits[row["id"]]])


def persons(file: File, names: Names) -> None:
    for one, rows in names.called.items():
        node, now = names.person[one], rows[-1]
        file.introduce(node, ":Person", now["name"])
        others = {row[column] for row in rows for column in ("name", "short_name")}
        others -= {now["name"], ""}
        plain = {row["normalized_name"] for row in rows} - others - {now["name"], ""}
        file.say(node, "skos:altLabel", *map(words, sorted(others)))
        file.say(node, "skos:hiddenLabel", *map(words, sorted(plain)))
        for row in rows[:-1]:
            note = f"Called {row['name']} until {row['end_date'] or 'an unknown day'}."
            file.say(node, "skos:scopeNote", words(note))
        if gender := {"F": "female", "M": "male"}.get(now["gender"]):
            file.say(node, "foaf:gender", ox.Literal(gender))
        file.say(node, "dcterms:identifier", ox.Literal(one))
        if number := now["id_parliament"].removesuffix(".0"):
            file.say(node, "schema:identifier", ox.Literal(f"UK Parliament {number}"))
        file.rest(node, rows)


def events(file: File, tables: Tables, names: Names) -> None:
    for row in tables["event"]:
        node = names.event[row["id"]]
        file.introduce(node, ":Event", row["name"])
        file.say(node, ":eventType", event_type(row["type"]))
        file.dated(node, row["date"], row["date"])
        file.say(node, ":unplacedReason", words("The source names no place."))
        file.say(node, "dcterms:identifier", ox.Literal(row["id"]))
        file.rest(node, [row])


def tenures(files: dict[str, File], tables: Tables, names: Names) -> None:
    """Each tenure in the file of the decade in which it begins."""
    posts = {row["id"]: row for row in tables["post"]}
    periods = by("appointment_id", tables["appointment_characteristics"])
    for row in tables["appointment"]:
        file = files[f"tenures/{row.begins[:3]}0s"]
        node, post, parts = names.tenure(row), posts[row["post_id"]], periods[row["id"]]
        holder = names.on(row["person_id"], row.begins)
        years = "–".join(dict.fromkeys((row.begins[:4], row["end_date"][:4])))
        file.say(node, "rdf:type", ":Tenure")
        file.say(node, "rdfs:label", words(f"{holder} as {post['display_name']}, {years}"))
        file.say(node, ":holder", names.person[row["person_id"]])
        file.say(node, ":post", names.post[row["post_id"]])
        roles = dict.fromkeys(standing(label) for part in parts for label in standings(part))
        file.say(node, ":role", rank(post["rank_equivalence"]), *roles)
        file.say(node, ":begins", typed(row.begins, "edtf:EDTF"))
        if row["end_date"]:
            file.say(node, ":ends", typed(row["end_date"], "edtf:EDTF"))
        file.bounds(node, row.begins, row["end_date"])
        for part in parts:
            if part.period != row.period or part["leave_reason"]:
                why = f" ({part['leave_reason']})" if part["leave_reason"] else ""
                note = f"{', '.join(standings(part))}{why}, {part.period}"
                file.say(node, "skos:scopeNote", words(note))
        file.say(node, ":basis", ox.Literal("stated"))
        file.say(node, ":confidence", "confidence:certain")
        file.say(node, "dcterms:identifier", ox.Literal(row["id"]))
        file.rest(node, [row, *parts])


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source", type=Path, help="the folder with the CSV files")
    parser.add_argument("target", type=Path, help="the publication to be made; not there yet")
    arguments = parser.parse_args(argv)
    source, target = arguments.source, arguments.target
    if target.exists():
        raise SystemExit(f"{target} is there already: name a folder that is not.")
    tables, findings = sift({table: read(source, table) for table in TABLES})
    names = Names(tables)
    sources(source).write(target / "data" / "sources.ttl")
    (target / "data" / "dataset.ttl").write_text(publication(tables, names), encoding="utf-8")
    for path, file in convert(tables, names).items():
        file.write(target / "data" / f"{path}.ttl")
    # The queries that come with the ontology ask about our own dataset.
    without = shutil.ignore_patterns("queries")
    shutil.copytree(ROOT / "ontology", target / "ontology", ignore=without)
    shutil.copytree(ROOT / "shapes", target / "shapes")
    with (target / "findings.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(column.name for column in fields(Finding))
        writer.writerows(map(astuple, findings))
    for finding in findings:
        print(finding)
    counts = ", ".join(f"{len(rows):,} of {table}" for table, rows in tables.items())
    left_out = sum(finding.outcome == "left out" for finding in findings)
    print(f"rows published: {counts}")
    print(f"rows left out: {left_out}; doubtful rows kept: {len(findings) - left_out}")


if __name__ == "__main__":
    main()
