"""Where something is: a point on earth, as WKT or in degrees."""

from __future__ import annotations

import math
import re

_WKT = re.compile(r"POINT\s*Z?\s*\(\s*([-+.\deE]+)\s+([-+.\deE]+)", re.IGNORECASE)


def on_earth(wkt: str, lat: str = "", long: str = "") -> tuple[float, float] | None:
    """Longitude and latitude, in degrees, by a point in well-known text (GeoSPARQL 1.1, section
    8.5.1) or else by two numbers; None for what is neither, or lies nowhere on earth."""
    match = _WKT.search(wkt)
    try:
        at = (float(match[1]), float(match[2])) if match else (float(long), float(lat))
    except ValueError:
        return None
    inside = all(map(math.isfinite, at)) and abs(at[0]) <= 180 and abs(at[1]) <= 90
    return at if inside else None
