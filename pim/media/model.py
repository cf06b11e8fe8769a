import uuid
from dataclasses import dataclass

from pim.channels import locales

from . import addresses


@dataclass(frozen=True, slots=True)
class Media:
    """A file, and what it shows in each locale; ``locale`` is the one it is shown in."""

    id: uuid.UUID
    digest: str
    type: str
    kind: str
    width: int | None
    height: int | None
    texts: dict[str, str]
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


def thumbnail(media: Media, size: int) -> Image:
    """The picture fitted into the smallest kept square that is not below ``size`` pixels."""
    return Image(addresses.fitted(media.digest, size), media.alt)
