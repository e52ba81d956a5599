"""Points on earth: as WKT, in degrees, and what is none."""

from __future__ import annotations

import pytest

from foedera.points import on_earth


@pytest.mark.parametrize(
    ("wkt", "lat", "long", "expected"),
    [
        ("POINT(139.69 35.69)", "", "", (139.69, 35.69)),
        (
            "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> Point Z (-77.04 38.9 5)",
            "",
            "",
            (-77.04, 38.9),
        ),
        ("", "-90", "180", (180.0, -90.0)),
        ("POINT(1 2)", "3", "4", (1.0, 2.0)),
        ("POINT(181 2)", "", "", None),
        ("POINT(1 91)", "", "", None),
        ("POINT(e E)", "", "", None),
        ("LINESTRING(1 2, 3 4)", "", "", None),
        ("", "nan", "4", None),
        ("", "4", "inf", None),
        ("", "4", "", None),
        ("", "", "", None),
    ],
)
def test_a_point_is_told_by_text_or_by_degrees(
    wkt: str, lat: str, long: str, expected: tuple[float, float] | None
) -> None:
    assert on_earth(wkt, lat, long) == expected
