"""The importer of the Ministers Database: our ontology and rules on data that others wrote."""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from foedera import check, evidence, folder, release, service
from foedera.settings import Settings
from foedera.web import create_app

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "data" / "importers" / "ifg.py"
SHARED = Path(os.environ.get("SHARED_FOLDER") or ROOT.parent / "shared")
REAL = SHARED / "datasets" / "ifg"

ID = "https://example.org/uk-ministers/id/"

SAMPLE = {
    "person": """\
id,id_parliament,id_ifg_website,name,display_name,normalized_name,short_name,gender,start_date,end_date
p1,11.0,,Ada Brown,Ada Brown,Ada Brown,Brown,F,,1990-01-01
p1,11.0,,Baroness Brown,Baroness Brown,Baroness Brown,Brown,F,1990-01-01,
p2,,,Zoë Ash,Zoë Ash,Zoe Ash,Ash,M,,
""",
    "organisation": """\
id,name,short_name,start_date,end_date
o1,Department of Tea,DT,,1990-06-01
o2,"Department of Tea, Milk and Honey",DTMH,1990-06-01,
o3,Cake Office,CO,,
""",
    "post": """\
id,id_ifg_website,organisation_id,name,display_name,rank_equivalence,rank_equivalence_value
s1,,o1,Secretary of State for Tea,Secretary of State for Tea,SoS,3
s2,,o2,Minister for Milk,Minister for Milk,MoS,4
s3,,o3,Minister for Milk,Minister for Milk,PUSS,5
s4,,o3,Lord in Waiting,"Lord in Waiting, CO",Parl.,7
""",
    "appointment": """\
id,person_id,post_id,start_date,end_date
a1,p1,s1,1985-05-01,1990-05-31
a2,p2,s2,1990-06-02,
a3,p1,s4,1991-01-01,1991-12-31
a4,p2,s4,1991-03-01,1991-09-30
""",
    "appointment_characteristics": """\
id,appointment_id,cabinet_status,is_acting,is_on_leave,leave_reason,start_date,end_date
c1,a1,Full cabinet,False,False,,1985-05-01,1988-01-31
c2,a1,Full cabinet,False,True,Long walk,1988-02-01,1990-05-31
c3,a2,Non-cabinet,True,False,,1990-06-02,
""",
    "organisation_link": """\
id,predecessor_organisation_id,successor_organisation_id,type,link_start_date,link_end_date
l1,o1,o2,Name change,1990-06-01,1990-06-03
""",
    "post_relationship": """\
id,post_id,group_name,group_seniority
r1,s1,Tea,SoS
r2,s2,Milk,MoS/PUSS
r3,s3,Milk,MoS/PUSS
""",
    "event": """\
id,name,type,date
e1,"The great
tea party",General election,1987-06-11
""",
}
"""A government of two persons; one of its records has two lines."""


@pytest.fixture(scope="module")
def ifg() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("ifg", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["ifg"] = module
    spec.loader.exec_module(module)
    return module


def written(source: Path, tables: Mapping[str, str] = SAMPLE) -> Path:
    """A folder of CSV files, which end their lines as the real ones do."""
    source.mkdir()
    for table, text in tables.items():
        (source / f"{table}.csv").write_bytes(text.replace("\n", "\r\n").encode())
    return source


Import = Callable[..., Path]


@pytest.fixture
def imported(ifg: ModuleType, tmp_path: Path) -> Import:
    """Imports the sample, with lines added to its tables; gives the publication's folder."""

    def imported(name: str = "", **added: str) -> Path:
        tables = {table: text + added.get(table, "") for table, text in SAMPLE.items()}
        ifg.main([str(written(tmp_path / f"csv{name}", tables)), str(tmp_path / f"out{name}")])
        return tmp_path / f"out{name}"

    return imported


@pytest.fixture(scope="module")
def sample(ifg: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The publication made of the sample; only to be read."""
    place = tmp_path_factory.mktemp("sample")
    ifg.main([str(written(place / "csv")), str(place / "out")])
    return place / "out"


def said(target: Path) -> dict[str, dict[str, list[str]]]:
    """What the data of a publication says: values by the local name of the property, by thing."""
    found: dict[str, dict[str, list[str]]] = {}
    for file in sorted((target / "data").rglob("*.ttl")):
        for quad in ox.parse(path=str(file)):
            name = quad.predicate.value.replace("#", "/").rsplit("/", 1)[1]
            value = quad.object.value.removeprefix(ID)
            thing = found.setdefault(quad.subject.value.removeprefix(ID), {})
            thing.setdefault(name, []).append(value)
    return found


def findings(target: Path) -> list[tuple[str, int, str, str]]:
    """Each row of findings.csv: file, line, outcome, reason."""
    with (target / "findings.csv").open(encoding="utf-8", newline="") as stream:
        return [
            (row["file"], int(row["line"]), row["outcome"], row["why"])
            for row in csv.DictReader(stream)
        ]


def parsed(target: Path) -> list[folder.Parsed]:
    source = folder.read(target)
    return [file.parse(source.publication.base) for file in source.of("data")]


@pytest.fixture(scope="module")
def sample_client(
    sample: Path, tmp_path_factory: pytest.TempPathFactory, plain_settings: Settings
) -> Iterator[Client]:
    """An HTTP client of the sample, published."""
    state = tmp_path_factory.mktemp("state")
    found = release.publish(sample, state, 5, lambda _: None)
    with service.local(plain_settings, found) as site:
        yield Client(create_app(plain_settings, site))


def test_a_sound_source_is_converted_without_a_finding_and_conforms_to_the_rules(
    sample: Path,
) -> None:
    report, _ = check.check(folder.read(sample))
    assert findings(sample) == []
    assert [str(finding) for finding in report.findings] == []


def test_every_row_is_evidence_that_can_be_verified(sample: Path) -> None:
    """Also the record of two lines, and those after it."""
    rows = sum(text.count("\n") - 1 for text in SAMPLE.values()) - 1
    things = parsed(sample)
    assert evidence.count(things) == rows
    assert evidence.verify(things, sample.parent / "csv") == []


def test_evidence_is_the_whole_record_without_its_line_end(sample: Path) -> None:
    place = said(sample)["evidence/person-4"]
    text = (sample.parent / "csv" / "person.csv").read_bytes().decode()
    words = text[int(place["start"][0]) : int(place["end"][0])]
    assert words == SAMPLE["person"].splitlines()[3]


def test_a_page_of_a_post_names_all_who_held_it(sample_client: Client) -> None:
    page = sample_client.get("/doc/post/lord-in-waiting-co", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Baroness Brown as Lord in Waiting, CO, 1991" in page.text
    assert "Zoë Ash as Lord in Waiting, CO, 1991" in page.text


def test_the_example_queries_run(sample: Path) -> None:
    store = ox.Store()
    for file in sorted((sample / "data").rglob("*.ttl")):
        store.load(path=str(file))
    queries = [quad.object.value for quad in store if quad.predicate.value.endswith("#select")]
    assert len(queries) == 2
    for query in queries:
        list(store.query(query))


def test_a_tenure_has_its_holder_its_post_and_its_time(sample: Path) -> None:
    tenure = said(sample)["tenure/ada-brown-secretary-of-state-for-tea-1985-05-01"]
    assert tenure["holder"] == ["person/ada-brown"]
    assert tenure["post"] == ["post/secretary-of-state-for-tea"]
    assert tenure["begins"] == ["1985-05-01"]
    assert tenure["ends"] == ["1990-05-31"]
    assert tenure["earliest"] == ["1985-05-01T00:00:00Z"]
    assert tenure["latest"] == ["1990-05-31T23:59:59Z"]


def test_a_tenure_that_goes_on_has_no_end(sample: Path) -> None:
    tenure = said(sample)[
        "tenure/zoe-ash-minister-for-milk-department-of-tea-milk-and-honey-1990-06-02"
    ]
    assert "ends" not in tenure
    assert "latest" not in tenure
    assert tenure["label"] == ["Zoë Ash as Minister for Milk, 1990–"]


def test_a_tenure_goes_by_the_name_of_its_time_and_a_person_by_the_last(sample: Path) -> None:
    things = said(sample)
    tenure = things["tenure/ada-brown-secretary-of-state-for-tea-1985-05-01"]
    person = things["person/ada-brown"]
    assert tenure["label"] == ["Ada Brown as Secretary of State for Tea, 1985–1990"]
    assert person["prefLabel"] == ["Baroness Brown"]
    assert person["altLabel"] == ["Ada Brown", "Brown"]
    assert person["scopeNote"] == ["Called Ada Brown until 1990-01-01."]


def test_leave_and_acting_are_roles_with_their_time_in_a_note(sample: Path) -> None:
    things = said(sample)
    on_leave = things["tenure/ada-brown-secretary-of-state-for-tea-1985-05-01"]
    acting = things["tenure/zoe-ash-minister-for-milk-department-of-tea-milk-and-honey-1990-06-02"]
    assert "role/standing-on-leave" in on_leave["role"]
    assert on_leave["scopeNote"] == [
        "Full cabinet, 1985-05-01 to 1988-01-31",
        "Full cabinet, On leave (Long walk), 1988-02-01 to 1990-05-31",
    ]
    assert "role/standing-acting" in acting["role"]
    assert "scopeNote" not in acting


def test_posts_of_one_remit_are_tied_by_a_role(sample: Path) -> None:
    things = said(sample)
    posts = [
        thing
        for thing, facts in things.items()
        if "role/remit-milk-mos-puss" in facts.get("role", [])
    ]
    assert sorted(posts) == [
        "post/minister-for-milk-cake-office",
        "post/minister-for-milk-department-of-tea-milk-and-honey",
    ]


def test_a_body_is_a_ministry_only_where_its_name_says_so(sample: Path) -> None:
    things = said(sample)
    assert things["org/department-of-tea"]["type"] == ["https://w3id.org/foedera/ns#Ministry"]
    assert things["org/cake-office"]["type"] == ["https://w3id.org/foedera/ns#PublicBody"]


def test_the_unknown_beginning_of_a_body_is_left_open(sample: Path) -> None:
    body = said(sample)["org/department-of-tea"]
    assert body["date"] == ["/1990-06-01"]
    assert "earliest" not in body


def test_a_renaming_leads_from_the_old_body_to_the_new(sample: Path) -> None:
    change = said(sample)[
        "change/name-change-department-of-tea-department-of-tea-milk-and-honey-1990-06-01"
    ]
    assert change["type"] == [
        "http://www.w3.org/ns/org#ChangeEvent",
        "https://w3id.org/foedera/ns#Event",
    ]
    assert change["originalOrganization"] == ["org/department-of-tea"]
    assert change["resultingOrganization"] == ["org/department-of-tea-milk-and-honey"]
    assert change["date"] == ["1990-06-01/1990-06-03"]


def changes(target: Path) -> set[tuple[tuple[str, ...], tuple[str, ...]]]:
    return {
        (tuple(facts["originalOrganization"]), tuple(facts["resultingOrganization"]))
        for facts in said(target).values()
        if "originalOrganization" in facts
    }


def test_a_merger_is_one_change(imported: Import) -> None:
    target = imported(
        organisation_link="l2,o1,o2,Merger,1995-01-01,1995-01-01\n"
        "l2,o3,o2,Merger,1995-01-01,1995-01-01\n"
    )
    tea, both = "org/department-of-tea", "org/department-of-tea-milk-and-honey"
    assert ((tea, "org/cake-office"), (both,)) in changes(target)


def test_splits_that_share_no_body_stay_apart(imported: Import) -> None:
    """Together they would say that each old body led to each new one."""
    target = imported(
        organisation_link="l2,o1,o2,Demerger,1995-01-01,1995-01-01\n"
        "l2,o2,o3,Demerger,1995-01-01,1995-01-01\n"
    )
    both = "org/department-of-tea-milk-and-honey"
    assert (("org/department-of-tea",), (both,)) in changes(target)
    assert ((both,), ("org/cake-office",)) in changes(target)


def test_names_do_not_depend_on_the_order_of_rows(ifg: ModuleType, tmp_path: Path) -> None:
    turned = {}
    for table, text in SAMPLE.items():
        head, *lines = text.splitlines(keepends=True)
        turned[table] = "".join([head, *(lines if table == "event" else reversed(lines))])
    ifg.main([str(written(tmp_path / "csv", turned)), str(tmp_path / "out")])
    ifg.main([str(written(tmp_path / "csv2")), str(tmp_path / "out2")])
    kinds = ("person/", "org/", "post/", "tenure/", "change/", "event/", "role/")
    names = [
        {thing for thing in said(tmp_path / out) if thing.startswith(kinds)}
        for out in ("out", "out2")
    ]
    assert names[0] == names[1]


def test_the_same_rows_give_the_same_files(imported: Import) -> None:
    first, second = (imported(name) for name in ("1", "2"))
    files = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(files) > 20
    assert all((first / file).read_bytes() == (second / file).read_bytes() for file in files)


WRONG = {
    "an end before the beginning": (
        {"appointment": "a9,p2,s1,1995-01-01,1994-01-01\n"},
        ("appointment.csv", 6, "ends on 1994-01-01, before it begins on 1995-01-01"),
    ),
    "no beginning": (
        {"appointment": "a9,p2,s1,,1994-01-01\n"},
        ("appointment.csv", 6, "has no start_date"),
    ),
    "a day that is none": (
        {"appointment": "a9,p2,s1,1994-02-30,\n"},
        ("appointment.csv", 6, "start_date is 1994-02-30, which is no date"),
    ),
    "a date in another form": (
        {"event": "e9,Fair,Fair,19940228\n"},
        ("event.csv", 4, "date is 19940228, which is no date"),
    ),
    "a person that is not there": (
        {"appointment": "a9,p9,s1,1994-01-01,\n"},
        ("appointment.csv", 6, "person_id is that of no row of person.csv that was kept"),
    ),
    "an organisation that is not there": (
        {"organisation_link": "l9,o9,o1,Merger,1994-01-01,1994-01-01\n"},
        (
            "organisation_link.csv",
            3,
            "predecessor_organisation_id is that of no row of organisation.csv that was kept",
        ),
    ),
    "an overlap with oneself": (
        {"appointment": "a9,p1,s1,1990-05-30,1994-01-01\n"},
        ("appointment.csv", 6, "overlaps line 2, the same person in the same post"),
    ),
    "an id used twice": (
        {"appointment": "a1,p2,s1,1995-01-01,\n"},
        ("appointment.csv", 6, "repeats line 2"),
    ),
    "a row of a person twice": (
        {"person": "p2,,,Zoë Ash,Zoë Ash,Zoe Ash,Ash,M,,\n"},
        ("person.csv", 5, "repeats line 4"),
    ),
    "a period outside its appointment": (
        {"appointment_characteristics": "c9,a3,Full cabinet,False,False,,1991-01-01,1992-01-01\n"},
        (
            "appointment_characteristics.csv",
            5,
            "is 1991-01-01 to 1992-01-01, its appointment 1991-01-01 to 1991-12-31",
        ),
    ),
    "a cell too few": (
        {"event": "e9,Fair,Fair\n"},
        ("event.csv", 4, "has more or fewer cells than the first line"),
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_row_that_is_wrong_is_left_out_and_listed(
    case: str, imported: Import, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    added, (file, line, why) = WRONG[case]
    target = imported(**added)
    assert findings(target) == [(file, line, "left out", why)]
    assert f"{file}:{line}: left out: {why}\n" in capsys.readouterr().out
    assert said(target).keys() == said(sample).keys()


def test_what_rests_on_a_row_left_out_is_left_out_too(imported: Import) -> None:
    target = imported(
        post="s9,,o9,Minister for Salt,Minister for Salt,MoS,4\n",
        appointment="a9,p2,s9,1995-01-01,\n",
        appointment_characteristics="c9,a9,Non-cabinet,False,False,,1995-01-01,\n",
        post_relationship="r9,s9,Salt,MoS/PUSS\n",
    )
    assert [(file, line, outcome) for file, line, outcome, _ in findings(target)] == [
        ("appointment.csv", 6, "left out"),
        ("appointment_characteristics.csv", 5, "left out"),
        ("post.csv", 6, "left out"),
        ("post_relationship.csv", 5, "left out"),
    ]
    assert not any("salt" in thing for thing in said(target))


DOUBTFUL = {
    "a tenure after the end of its department": (
        {"appointment": "a9,p2,s1,1990-05-31,1990-06-02\n"},
        (
            "appointment.csv",
            6,
            "is 1990-05-31 to 1990-06-02, but Department of Tea was … to 1990-06-01",
        ),
    ),
    "two in a post for one": (
        {
            "post": "s9,,o3,Tea Secretary,Tea Secretary,SoS,3\n",
            "appointment": "a8,p1,s9,1995-01-01,1996-01-01\na9,p2,s9,1995-12-31,\n",
        },
        ("appointment.csv", 7, "begins before line 6, the same post, ends"),
    ),
    "a new name beside the old one": (
        {"person": "p2,,,Zoë Elm,Zoë Elm,Zoe Elm,Elm,M,,\n"},
        ("person.csv", 5, "does not say when it followed the name in line 4"),
    ),
}


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_row_that_is_doubtful_is_kept_and_listed(case: str, imported: Import) -> None:
    added, (file, line, why) = DOUBTFUL[case]
    assert findings(imported(**added)) == [(file, line, "kept", why)]


def test_who_stands_in_for_a_minister_on_leave_is_not_doubtful(imported: Import) -> None:
    target = imported(
        appointment="a9,p2,s1,1988-02-01,1990-05-31\n",
        appointment_characteristics="c9,a9,Full cabinet,True,False,,1988-02-01,1990-05-31\n",
    )
    assert findings(target) == []


def test_a_folder_that_is_there_already_is_left_alone(ifg: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(SystemExit, match="is there already"):
        ifg.main([str(written(tmp_path / "csv")), str(tmp_path / "out")])
    assert list((tmp_path / "out").iterdir()) == []


def test_a_file_or_a_column_that_is_missing_is_named(ifg: ModuleType, tmp_path: Path) -> None:
    without = {**SAMPLE, "event": "id,name,type\n"}
    with pytest.raises(SystemExit, match=r"event\.csv has no column date"):
        ifg.main([str(written(tmp_path / "csv", without)), str(tmp_path / "out")])
    (tmp_path / "csv" / "person.csv").unlink()
    with pytest.raises(SystemExit, match=r"There is no .*person\.csv"):
        ifg.main([str(tmp_path / "csv"), str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def real() -> Path:
    """The database itself, where it is at hand."""
    if not REAL.is_dir():
        pytest.skip(f"the Ministers Database is not at hand: there is no {REAL}")
    return REAL


@pytest.mark.whole
def test_the_ministers_database_is_converted_whole(real: Path, tmp_path: Path) -> None:
    """As a script, to the number: 2 of 3,667 appointments end before they begin."""
    target = tmp_path / "out"
    command = [sys.executable, str(SCRIPT), str(real), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    kinds = [kind for facts in said(target).values() for kind in facts.get("type", [])]
    numbers = {
        name: sum(kind.endswith(f"#{name}") for kind in kinds)
        for name in ("Person", "Post", "Tenure", "Ministry", "PublicBody", "ChangeEvent", "Event")
    }
    assert numbers == {
        "Person": 1149,
        "Post": 926,
        "Tenure": 3665,
        "Ministry": 45,
        "PublicBody": 24,
        "ChangeEvent": 53,
        "Event": 76,
    }
    assert "rows left out: 12; doubtful rows kept: 24\n" in done.stdout
    things = parsed(target)
    assert evidence.count(things) == 11340
    assert evidence.verify(things, real) == []


@pytest.mark.whole
def test_the_first_years_of_the_ministers_database_conform_to_the_rules(
    real: Path, ifg: ModuleType, tmp_path: Path
) -> None:
    """Those with an appointment before 1981, and their posts; the whole takes a minute."""
    tables = {
        name: list(csv.reader((real / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
        for name in SAMPLE
    }
    wanted = [row for row in tables["appointment"] if row[3] < "1981"]
    ids = {cell for row in wanted for cell in row[:3]}
    source = tmp_path / "csv"
    source.mkdir()
    for name, (head, *rows) in tables.items():
        column = 1 if name in ("appointment_characteristics", "post_relationship") else 0
        whole = name in ("organisation", "organisation_link", "event")
        with (source / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([head, *(r for r in rows if whole or r[column] in ids)])
    ifg.main([str(source), str(tmp_path / "out")])
    report, _ = check.check(folder.read(tmp_path / "out"))
    assert len(wanted) > 100
    assert [str(finding) for finding in report.findings] == []
