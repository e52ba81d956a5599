"""Judging what people write: a folder whole, or a contribution together with what is published.

``reading`` finds where in a text each triple stands; ``lint`` what no shape can say; ``engines``
run the shapes; ``affected`` and ``incremental`` find what a change can make of them;
``contribution`` puts it together, and ``whole`` does the same for a folder. All of them speak in
``findings``, which ``reports`` writes in the formats that people and programs read.
"""

from __future__ import annotations

from foedera.check.findings import SEVERITIES, Finding, Report
from foedera.check.whole import check, parse

__all__ = ["SEVERITIES", "Finding", "Report", "check", "parse"]
