"""Where the hub serves files. What is at such an address never changes."""

SUFFIXES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
SIZES = (64, 128, 256, 512, 1024)


def whole(digest: str, type: str) -> str:
    return f"/media/{digest}.{SUFFIXES[type]}"


def fitted(digest: str, size: int) -> str:
    fitting = next((kept for kept in SIZES if kept >= size), SIZES[-1])
    return f"/media/{digest}/{fitting}.webp"
