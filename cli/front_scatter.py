"""A Pareto front as text: the rank of each bundle at its position.

Plotext (MIT) cannot use ranks as marks, which are needed to find the bundle of a point.
"""

from __future__ import annotations

from collections.abc import Sequence

_WIDTH, _HEIGHT = 60, 16
#: Width of the numbers at the vertical axis.
_MARGIN = 6


def scatter_lines(
    points: Sequence[tuple[float, float]], *, across: str, up: str, width: int = _WIDTH, height: int = _HEIGHT
) -> list[str]:
    """Lines of a scatter plot of `points`, rank 1 first; `across` and `up` name the axes.

    Of points at one position, the better rank is shown.
    """
    lefts, heights = [x for x, _ in points], [y for _, y in points]
    cells = [[" "] * (width + 2) for _ in range(height)]
    for rank, (x, y) in enumerate(points, start=1):
        column = round(_part(x, lefts) * (width - 1))
        row = height - 1 - round(_part(y, heights) * (height - 1))
        label = str(rank)
        if all(cell == " " for cell in cells[row][column : column + len(label)]):
            cells[row][column : column + len(label)] = label
    ticks = {0: f"{max(heights):.3f}", height - 1: f"{min(heights):.3f}"}
    lines = [f"{'':>{_MARGIN}} {up}"]
    lines += [f"{ticks.get(row, ''):>{_MARGIN}} │{''.join(cells[row]).rstrip()}" for row in range(height)]
    lines.append(f"{'':>{_MARGIN}} └{'─' * width}")
    ends = f"{min(lefts):.3f}{across:^{width - 10}}{max(lefts):.3f}"
    lines.append(f"{'':>{_MARGIN}}  {ends}")
    return lines


def _part(value: float, values: Sequence[float]) -> float:
    """Position of `value` between the minimum (0) and maximum (1) of `values`; .5 if these are equal."""
    least, greatest = min(values), max(values)
    return (value - least) / (greatest - least) if greatest > least else 0.5
