import uuid
from dataclasses import dataclass, field
from datetime import datetime

from kernel.errors import DomainError
from pim.channels import locales

from . import addresses


@dataclass(frozen=True, slots=True)
class Media:
    """A file, and what it shows in each locale; ``locale`` is the one it is shown in.

    ``name`` is what it was called by who sent it first, ``bytes`` its size.
    """

    id: uuid.UUID
    digest: str
    type: str
    kind: str
    name: str
    bytes: int
    width: int | None
    height: int | None
    texts: dict[str, str] = field(hash=False)
    created_at: datetime
    locale: str = locales.ANY

    @property
    def url(self) -> str:
        return addresses.whole(self.digest, self.type)

    @property
    def alt(self) -> str | None:
        return locales.pick(self.texts, self.locale)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture in a smaller size."""

    url: str
    alt: str | None


@dataclass(frozen=True, slots=True)
class MediaFilter:
    """What media are wanted; every condition that is not None must hold.

    ``search`` looks into names and alt texts; ``unused`` is whether nothing has them; ``product`` is a code.
    """

    search: str | None = None
    kind: str | None = None
    unused: bool | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """A place to which a file may be sent until ``expires_at``, by whoever knows its URL."""

    id: uuid.UUID
    bytes: int
    expires_at: datetime

    @property
    def method(self) -> str:
        return "PUT"

    @property
    def headers(self) -> tuple[()]:
        return ()


@dataclass(frozen=True, slots=True)
class Expected:
    """What was said of a file that is to be sent to an upload target. ``ticket`` is the secret of its URL."""

    id: uuid.UUID
    ticket: uuid.UUID
    principal_id: uuid.UUID
    name: str
    bytes: int
    type: str | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class MediaDeleted:
    id: uuid.UUID


@dataclass
class MediaInUse(DomainError):
    """{products} products show or hold this file; take it off them first."""

    products: int


def thumbnail(media: Media, size: int) -> Image:
    """The picture fitted into the smallest kept square that is not below ``size`` pixels."""
    return Image(addresses.fitted(media.digest, size), media.alt)
