"""A brush over a sheet of 400 by 400: flat shapes, painted larger than asked and scaled down for smooth edges."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from PIL import Image, ImageColor, ImageDraw

SHEET = 400
FINER = 2

INK = "#2f3b42"
PAPER = "#faf6ee"
WOOD = "#c2925f"
BARK = "#8a6240"
METAL = "#b9c2c6"
IRON = "#7f8a90"
GLOW = "#ffd67d"
FLAME = "#f08a3c"
FELT = "#efe3cf"

Point = tuple[float, float]


def mix(color: str, other: str, share: float) -> str:
    """`color` with `share` (0 to 1) of `other` stirred in."""
    pairs = zip(ImageColor.getrgb(color)[:3], ImageColor.getrgb(other)[:3], strict=True)
    red, green, blue = (round(a + (b - a) * share) for a, b in pairs)
    return f"#{red:02x}{green:02x}{blue:02x}"


def rounded(points: Sequence[Point], *, steps: int = 10, closed: bool = True) -> list[Point]:
    """A Catmull-Rom curve through the points."""
    count = len(points)
    ring = [points[-1], *points, points[0], points[1]] if closed else [points[0], *points, points[-1]]
    curve = [
        _between(*ring[start : start + 4], at=step / steps)
        for start in range(count if closed else count - 1)
        for step in range(steps)
    ]
    return curve if closed else [*curve, points[-1]]


def _between(a: Point, b: Point, c: Point, d: Point, *, at: float) -> Point:
    def axis(i: int) -> float:
        linear = c[i] - a[i]
        square = 2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]
        cube = 3 * (b[i] - c[i]) + d[i] - a[i]
        return b[i] + (linear * at + square * at**2 + cube * at**3) / 2

    return axis(0), axis(1)


class Brush:
    def __init__(self, color: str, *, size: int) -> None:
        self.base = mix(color, "#ffffff", 0.0)
        self.dark = mix(color, INK, 0.28)
        self.deep = mix(color, INK, 0.55)
        self.light = mix(color, "#ffffff", 0.25)
        self.pale = mix(color, "#ffffff", 0.55)
        self._scale = size * FINER / SHEET
        self.image = Image.new("RGB", (size * FINER, size * FINER), mix(color, "#f6f0e4", 0.86))
        self._draw = ImageDraw.Draw(self.image)

    def poly(self, points: Iterable[Point], fill: str) -> None:
        self._draw.polygon([self._at(point) for point in points], fill=fill)

    def blob(self, points: Sequence[Point], fill: str, *, shade: str | None = None, beyond: float = 0) -> None:
        """A rounded shape, in another color where it lies right of `beyond`."""
        outline = rounded(points)
        self.poly(outline, fill)
        if shade:
            self.poly([(max(x, beyond), y) for x, y in outline], shade)

    def oval(self, x: float, y: float, rx: float, ry: float, fill: str) -> None:
        self._draw.ellipse([self._at((x - rx, y - ry)), self._at((x + rx, y + ry))], fill=fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: str, *, radius: float = 0) -> None:
        corners = [self._at((left, top)), self._at((right, bottom))]
        self._draw.rounded_rectangle(corners, radius * self._scale, fill=fill)

    def slice(self, x: float, y: float, rx: float, ry: float, start: float, end: float, fill: str) -> None:
        """A piece of an oval between two angles, clockwise from three o'clock, closed by its chord."""
        self._draw.chord([self._at((x - rx, y - ry)), self._at((x + rx, y + ry))], start, end, fill=fill)

    def line(self, points: Sequence[Point], fill: str, width: float = 4) -> None:
        """A stroke with round ends and joints."""
        for one, two in pairwise(points):
            self._draw.line([self._at(one), self._at(two)], fill=fill, width=round(width * self._scale))
        for x, y in points:
            self.oval(x, y, width / 2, width / 2, fill)

    def curve(self, points: Sequence[Point], fill: str, width: float = 4) -> None:
        self.line(rounded(points, closed=False), fill, width)

    def dashes(self, points: Sequence[Point], fill: str, width: float = 2.5) -> None:
        for one, two in list(pairwise(rounded(points, steps=6, closed=False)))[::2]:
            self.line([one, two], fill, width)

    def ground(self, x: float = 200, y: float = 322, rx: float = 130, ry: float = 12) -> None:
        self.oval(x, y, rx, ry, mix(self.base, "#d9cfbd", 0.72))

    def _at(self, point: Point) -> Point:
        return point[0] * self._scale, point[1] * self._scale
