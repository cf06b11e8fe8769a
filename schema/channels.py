import strawberry

from pim.channels import model, queries

from .access import Permission
from .enums import ChannelKind
from .fields import mirrors
from .nodes import SOURCES, Node, Source, node_id


@strawberry.type
@mirrors(model.Channel)
class Channel(Node):
    id = node_id("Channel")
    code: str
    name: str
    kind: ChannelKind
    currency: str
    locales: list[str]


SOURCES["Channel"] = Source(
    queries.channels_by_id, Permission.SHOP_READ, sees=lambda caller, one: caller.sells_on(one.code)
)
