"""Lines over two logarithmic axes, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 540
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 160, 24, 56
_LINE_HEIGHT = 16
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9", "#666666", "#a0522d")


@dataclass(frozen=True)
class Line:
    """A name and its points, of positive numbers; a strong line is drawn thicker."""

    name: str
    points: Sequence[tuple[float, float]]
    strong: bool = False


def plot(lines: Sequence[Line], across: str, upwards: str) -> str:
    """A picture of lines, each named at its end; ``across`` and ``upwards`` say what the axes are."""
    xs, ys = ([point[axis] for line in lines for point in line.points] for axis in (0, 1))
    x_low, x_high = _decades(xs)
    y_low, y_high = _decades(ys)

    def at(point: tuple[float, float]) -> tuple[float, float]:
        x = (log10(point[0]) - x_low) / (x_high - x_low)
        y = (log10(point[1]) - y_low) / (y_high - y_low)
        return _LEFT + x * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - y * (HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for power in range(x_low, x_high + 1):
        x, y = at((10**power, 10.0**y_low))
        parts.append(f'<path d="M{x:.1f} {y:.1f}V{_TOP}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle" fill="#444">{_tick(power)}</text>')
    for power in range(y_low, y_high + 1):
        x, y = at((10**x_low, 10.0**power))
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH - _RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{x - 8:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#444">{_tick(power)}</text>')
    for line, colour in zip(lines, _COLOURS * len(lines), strict=False):
        places = [at(point) for point in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="{3 if line.strong else 1.5}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4 if line.strong else 3}" fill="{colour}"/>' for x, y in places
        ]
    ends = [at(line.points[-1]) for line in lines]
    for place, y in _apart(ends).items():
        colour = _COLOURS[place % len(_COLOURS)]
        parts.append(
            f'<text x="{ends[place][0] + 10:.1f}" y="{y + 4:.1f}" fill="{colour}">{escape(lines[place].name)}</text>'
        )
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">{escape(across)}</text>')
    down = (_TOP + HEIGHT - _BOTTOM) / 2
    parts.append(f'<text transform="translate(20 {down})rotate(-90)" text-anchor="middle">{escape(upwards)}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _tick(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10.0**power:.{-power}f}"


def _apart(ends: Sequence[tuple[float, float]]) -> dict[int, float]:
    """How high the names of lines that end at the same place across stand, so that none covers another."""
    placed: dict[int, float] = {}
    last: dict[float, float] = {}
    for place in sorted(range(len(ends)), key=lambda place: ends[place][1]):
        across, height = ends[place]
        placed[place] = last[across] = max(height, last.get(across, float("-inf")) + _LINE_HEIGHT)
    return placed
