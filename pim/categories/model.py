import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """``path`` is the codes from the root to here, joined by dots."""

    id: uuid.UUID
    code: str
    slug: str
    parent_id: uuid.UUID | None
    path: str
    labels: dict[str, str]
    position: int
