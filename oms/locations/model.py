import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("WAREHOUSE", "STORE", "DARK_STORE", "SUPPLIER", "TRANSIT")
CAPABILITIES = ("SHIPS", "PICKUP", "RETURNS")


@dataclass(frozen=True, slots=True)
class Point:
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives or something stands; ``country`` is ISO 3166-1 alpha-2."""

    street: str
    city: str
    postal_code: str
    country: str
    name: str | None = None
    company: str | None = None
    street2: str | None = None
    region: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Location:
    id: uuid.UUID
    code: str
    name: str
    kind: str
    address: Address | None
    point: Point | None
    time_zone: str
    capabilities: tuple[str, ...]
    daily_capacity: int | None
    opening_hours: Mapping[str, Any] | None = field(hash=False)
    groups: tuple[str, ...]
    priority: int


@dataclass(frozen=True, slots=True)
class Nearby:
    """A location, and how far it is from the point asked about where there is one."""

    location: Location
    distance_km: float | None
