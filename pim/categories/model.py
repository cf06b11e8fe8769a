import uuid
from dataclasses import dataclass

from kernel.errors import DomainError


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


@dataclass(frozen=True, slots=True)
class DeletedCategory:
    code: str


@dataclass
class CategoryNotEmpty(DomainError):
    """{code} has {children} categories below it and {products} products, and is the root of {channels} channels."""

    code: str
    children: int
    products: int
    channels: int
