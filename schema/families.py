from typing import Any

import strawberry

from kernel.db import WriteConn
from kernel.paging import Window
from kernel.principals import Principal
from pim.attributes import queries as attribute_queries
from pim.channels import queries as channel_queries
from pim.families import model, queries
from pim.modeling import operations

from .access import Permission
from .attributes import Attribute
from .channels import Channel
from .context import Info
from .enums import ValueLevel
from .fields import field, loads, mirrors, mutation, several
from .labels import LabelInput, labels, texts
from .modeling import WouldBreak, work
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE
_channels, _attributes = several(channel_queries.channels_by_code), several(attribute_queries.attributes_by_code)


@strawberry.type
@mirrors(model.FamilyAttribute)
class FamilyAttribute:
    level: ValueLevel
    attribute = loads(Attribute, attribute_queries.attributes_by_code, by="attribute", needs=READ)
    required_on = loads(list[Channel], _channels, by="required_on", otherwise=(), needs=READ)


@strawberry.type
@mirrors(model.Family)
class Family(Node):
    id = node_id("Family")
    code: str
    attributes: list[FamilyAttribute]
    labels = labels()
    tasks = work("family")
    axes = loads(
        list[Attribute],
        _attributes,
        by="axes",
        otherwise=(),
        needs=READ,
        description="By what its variants differ.",
    )
    label_attribute = loads(
        Attribute | None,
        attribute_queries.attributes_by_code,
        by="label_attribute",
        needs=READ,
        description="What its products are called by.",
    )


SOURCES["Family"] = Source(queries.families_by_id, READ)


@strawberry.input
class FamilyAttributeInput:
    code: str
    level: ValueLevel | None = ValueLevel.PRODUCT
    required_on: list[str] | None = strawberry.field(default=None, description="Codes of channels.")


@strawberry.input(description="The whole definition: an attribute that is not named is none of the family's.")
class DefineFamilyInput:
    idempotency_key: str
    code: str
    labels: list[LabelInput]
    attributes: list[FamilyAttributeInput]
    axes: list[str] | None = None
    label_attribute: str | None = None
    force: bool | None = strawberry.field(
        default=False, description="Take away the values that cannot be kept, where WouldBreak would be answered."
    )


@mutation(Family, WouldBreak, needs=WRITE, description="Create a family, or define it anew.")
async def define_family(conn: WriteConn, caller: Principal, input: DefineFamilyInput) -> model.Family:
    return await operations.define_family(
        conn,
        actor=caller.name,
        force=bool(input.force),
        code=input.code,
        labels=texts(input.labels),
        attributes=[
            model.FamilyAttribute(one.code, (one.level or ValueLevel.PRODUCT).value, tuple(one.required_on or ()))
            for one in input.attributes
        ],
        axes=tuple(input.axes or ()),
        label_attribute=input.label_attribute,
    )


@field(Family | None, needs=READ)
async def family(_caller: Principal, info: Info, code: str) -> model.Family | None:
    return await info.context.reads.load(queries.families_by_code, code)


@field(Connection[Family], needs=READ, description="By code.")
async def families(
    _caller: Principal,
    info: Info,
    window: Window,
) -> Any:
    async with info.context.db.read() as conn:
        return connection(await queries.page_of_families(conn, window))
