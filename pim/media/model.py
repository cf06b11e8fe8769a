import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Media:
    id: uuid.UUID
    digest: str
    type: str
    kind: str
    width: int | None
    height: int | None
    alt: dict[str, str]
