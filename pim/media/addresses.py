"""Where the hub serves files. What is at such an address never changes."""

SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "application/pdf": "pdf",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
TYPES = {suffix: named for named, suffix in SUFFIXES.items()}
SIZES = (64, 128, 256, 512, 1024)


def whole(digest: str, type: str) -> str:
    return f"/media/{digest}.{SUFFIXES[type]}"


def fitted(digest: str, size: int) -> str:
    fitting = next((kept for kept in SIZES if kept >= size), SIZES[-1])
    return f"/media/{digest}/{fitting}.webp"
