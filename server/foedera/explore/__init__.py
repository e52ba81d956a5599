"""Pages of the whole dataset: a timeline, a map, a network, connections, and what sources disagree
on. A module for each; `queries` has what they ask."""

from __future__ import annotations

from foedera.explore import disputes, network, paths, places, queries, timeline

OPERATIONS = {
    **queries.OPERATIONS,
    **timeline.OPERATIONS,
    **places.OPERATIONS,
    **network.OPERATIONS,
    **paths.OPERATIONS,
    **disputes.OPERATIONS,
}
"""What a worker can do for these pages, by name."""
