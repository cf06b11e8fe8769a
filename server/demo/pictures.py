"""The demo shop's product pictures: drawn, so that the shop needs no photographs and no download."""

from collections.abc import Callable
from io import BytesIO

from server.demo.brush import FINER, Brush, mix
from server.demo.sketches import camp, carry, home, kitchen, wear

KINDS: dict[str, Callable[[Brush], None]] = {
    **camp.KINDS,
    **carry.KINDS,
    **home.KINDS,
    **kitchen.KINDS,
    **wear.KINDS,
}


def draw(kind: str, color: str, *, size: int = 800) -> bytes:
    """A square WebP picture of a thing; the same arguments give the same bytes.

    `kind` is a key of KINDS, `color` like #3a6b4f, `size` in pixels.
    """
    brush = Brush(color, size=size)
    brush.oval(200, 200, 178, 178, mix(color, "#fffaf0", 0.8))
    KINDS[kind](brush)
    picture = BytesIO()
    brush.image.reduce(FINER).save(picture, "WEBP", quality=82, method=2)
    return picture.getvalue()
