import strawberry

from kernel.db import WriteConn
from kernel.principals import Principal
from oms.offers import channels as operations
from pim.categories import queries as category_queries
from pim.channels import model, queries

from .access import Permission
from .categories import Category
from .enums import ChannelKind
from .fields import loads, mirrors, mutation
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
    time_zone: str
    required_completeness: int | None = strawberry.field(
        description="The percentage to which a product must be filled in, in each locale, to be published."
    )
    category_tree = loads(
        Category | None, category_queries.categories_by_id, by="category_id", needs=Permission.CATALOG_READ
    )


SOURCES["Channel"] = Source(
    queries.channels_by_id, Permission.SHOP_READ, sees=lambda caller, one: caller.sells_on(one.code)
)


@strawberry.input(description="The whole definition of a channel; only its locations stay where none are named.")
class SaveChannelInput:
    idempotency_key: str
    code: str
    name: str
    kind: ChannelKind
    currency: str
    locales: list[str] = strawberry.field(description="The first is its default.")
    locations: list[str] | None = strawberry.field(default=None, description="Codes of those whose stock it sells.")
    category_tree: str | None = strawberry.field(default=None, description="The code of the root of its categories.")
    time_zone: str | None = strawberry.field(default=None, description="UTC, where none is given.")
    required_completeness: int | None = strawberry.field(
        default=None, description="1 to 100; any product can be published where none is given."
    )


@mutation(
    Channel,
    needs=Permission.CHANNELS_WRITE,
    description="Create a channel, or define it anew. Where there are many products, what it shows follows by a task.",
)
async def save_channel(conn: WriteConn, caller: Principal, input: SaveChannelInput) -> model.Channel:
    given = {name: value for name, value in vars(input).items() if name != "idempotency_key"}
    return await operations.save(conn, caller, **given | {"kind": input.kind.value})
