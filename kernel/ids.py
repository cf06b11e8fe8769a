"""Opaque global ids: the type of a node and its key, as Relay asks."""

import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

from kernel.errors import InvalidInput


def entity(kind: str, key: object) -> str:
    """How the change log names a node."""
    return f"{kind}:{key}"


def encode(kind: str, key: object) -> str:
    """The global id of a node."""
    return urlsafe_b64encode(entity(kind, key).encode()).decode().rstrip("=")


def decode(id: str) -> tuple[str, str]:
    """The type name and key of a global id. Raises InvalidInput."""
    try:
        kind, found, key = urlsafe_b64decode(id + "=" * (-len(id) % 4)).decode().partition(":")
    except (Base64Error, ValueError):
        found = ""
    if not found or encode(kind, key) != id:
        raise InvalidInput("id", "is no id that this hub gave out")
    return kind, key


def as_uuid(key: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(key)
    except ValueError:
        return None
