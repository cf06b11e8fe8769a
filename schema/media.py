import strawberry

from pim.media import model, queries

from .access import Permission
from .enums import MediaKind
from .fields import mirrors
from .nodes import SOURCES, Node, Source, node_id


@strawberry.type
class Image:
    url: str
    alt: str | None


@strawberry.type
@mirrors(model.Media)
class Media(Node):
    id = node_id("Media")
    url: str
    alt: str | None
    kind: MediaKind
    width: int | None
    height: int | None


SOURCES["Media"] = Source(queries.media_by_id, Permission.SHOP_READ)
