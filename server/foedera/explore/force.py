"""Where the nodes of a network stand: those that are joined near, the others apart.

The method of Fruchterman and Reingold (1991): what is joined attracts, all that is near repels, and
less and less is moved. Nothing is left to chance, so the same network always looks the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_ROUNDS = 220
_MOVES = 15_000
"""How often nodes are moved, all together: a large network has fewer rounds."""

_TURN = math.pi * (3 - math.sqrt(5))
"""The golden angle: points that turn by it lie on a disc without two on one line."""


def layout(count: int, ties: Sequence[tuple[int, int, int]]) -> list[tuple[float, float]]:
    """Places from 0 to 1 for so many nodes; ``ties`` join two and weigh how much."""
    if count == 0:
        return []
    near = 1 / math.sqrt(count)
    xs = [0.5 + 0.45 * math.sqrt((n + 0.5) / count) * math.cos(n * _TURN) for n in range(count)]
    ys = [0.5 + 0.45 * math.sqrt((n + 0.5) / count) * math.sin(n * _TURN) for n in range(count)]
    rounds = min(_ROUNDS, 1 + _MOVES // count)
    for round_ in range(rounds):
        step = 0.1 * (1 - round_ / rounds) ** 1.5 + 0.0005
        # All are drawn to the middle a little, so that parts which nothing joins stay in sight.
        right = [(0.5 - x) * 0.6 * near for x in xs]
        down = [(0.5 - y) * 0.6 * near for y in ys]
        _push_apart(xs, ys, near, right, down)
        for one, other, weight in ties:
            dx, dy = xs[other] - xs[one], ys[other] - ys[one]
            force = math.hypot(dx, dy) / near * (0.35 + 0.15 * min(weight, 4))
            right[one] += dx * force
            down[one] += dy * force
            right[other] -= dx * force
            down[other] -= dy * force
        for node in range(count):
            far = math.hypot(right[node], down[node])
            if far:
                xs[node] += right[node] / far * min(far, step)
                ys[node] += down[node] / far * min(far, step)
    return list(zip(_spread(xs), _spread(ys), strict=True))


def _push_apart(
    xs: Sequence[float], ys: Sequence[float], near: float, right: list[float], down: list[float]
) -> None:
    """What is nearer than a few steps repels: only what lies in the cells about is looked at."""
    reach = 2.5 * near
    limit, strength = reach * reach, near * near
    cells: dict[tuple[int, int], list[int]] = {}
    for node, (x, y) in enumerate(zip(xs, ys, strict=True)):
        cells.setdefault((int(x // reach), int(y // reach)), []).append(node)
    for (column, row), nodes in cells.items():
        # Each pair of cells once: the cell itself, and half of those around it.
        after = [other for dx, dy in _AFTER for other in cells.get((column + dx, row + dy), ())]
        for place, node in enumerate(nodes):
            x, y = xs[node], ys[node]
            for other in nodes[place + 1 :] + after:
                dx, dy = x - xs[other], y - ys[other]
                square = dx * dx + dy * dy or 1e-9
                if square < limit:
                    force = strength / square
                    dx *= force
                    dy *= force
                    right[node] += dx
                    down[node] += dy
                    right[other] -= dx
                    down[other] -= dy


_AFTER = ((1, -1), (1, 0), (1, 1), (0, 1))


def _spread(places: Sequence[float]) -> list[float]:
    """The same places from 0 to 1, to the thousandth."""
    low, high = min(places), max(places)
    scale = 1 / (high - low) if high > low else 0.0
    return [round((place - low) * scale, 3) if scale else 0.5 for place in places]
