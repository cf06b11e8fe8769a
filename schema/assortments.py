"""Which products channels list by themselves, and what they do not offer."""

from typing import Any

import strawberry

from kernel import tasks
from kernel.db import WriteConn
from kernel.errors import Forbidden
from kernel.principals import Principal
from pim.assortments import model, operations, queries
from pim.channels import queries as channel_queries

from .access import Permission
from .channels import Channel
from .context import Info
from .fields import computed, field, loads, mirrors, mutation
from .scalars import JSON
from .tasks import Task

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE


def _rules(root: strawberry.Parent[model.Assortment]) -> Any:
    return root.document


@strawberry.type(description="What a channel lists by rules, beside what is listed by hand.")
@mirrors(model.Assortment)
class Assortment:
    channel = loads(Channel, channel_queries.channels_by_id, by="channel_id")
    rules = computed(JSON, _rules)
    excluded_products = loads(
        list[str],
        queries.excluded_products,
        by="channel_id",
        otherwise=(),
        description="Codes of products that no rule lists.",
    )
    excluded_skus = loads(
        list[str],
        queries.excluded_skus,
        by="channel_id",
        otherwise=(),
        description="Variants that the channel does not offer, however their products came on it.",
    )
    task = loads(
        Task | None,
        tasks.tasks_by_id,
        by="task_id",
        description="The work of listing and withdrawing, where the last change concerned many products.",
    )


@strawberry.input
class SaveAssortmentInput:
    idempotency_key: str
    channel: str
    rules: JSON | None = strawberry.field(
        default=None,
        description="In place of those before, which stay where none are given. A list of `{effect, when}`: `effect` "
        "is INCLUDE (if none is given) or EXCLUDE, which wins. `when` is "
        '`{kind: "ALL"}`, `{kind: "CATEGORY", category}` (with all below), `{kind: "FAMILY", family}`, '
        '`{kind: "ATTRIBUTE", attribute, values, min, max, unit}` or `{kind: "EVERY", of: [...]}`.',
    )
    exclude_products: list[str] | None = strawberry.field(
        default=None, description="Up to 1,000 codes that no rule lists, in place of those before."
    )
    exclude_skus: list[str] | None = strawberry.field(
        default=None, description="Up to 1,000 variants that the channel does not offer, in place of those before."
    )
    leave_to_rules: list[str] | None = strawberry.field(
        default=None, description="Up to 1,000 codes of products of which the rules decide again, whatever was by hand."
    )


@mutation(
    Assortment,
    needs=WRITE,
    description="Let a channel list what rules include, and withdraw what they listed and no longer include: now, and "
    "whenever a product changes. What was listed, scheduled or withdrawn by hand stays so.",
)
async def save_assortment(conn: WriteConn, caller: Principal, input: SaveAssortmentInput) -> model.Assortment:
    _check(caller, input.channel)
    return await operations.save(
        conn,
        channel=input.channel,
        rules=input.rules,
        exclude_products=input.exclude_products,
        exclude_skus=input.exclude_skus,
        leave_to_rules=input.leave_to_rules or (),
        actor=caller.name,
    )


def _check(caller: Principal, channel: str) -> None:
    if not caller.sells_on(channel):
        raise Forbidden(f"the channel {channel[:100]}")


@field(Assortment | None, needs=READ, description="Null where a channel has no rules and excludes nothing.")
async def assortment(caller: Principal, info: Info, channel: str) -> model.Assortment | None:
    _check(caller, channel)
    async with info.context.db.read() as conn:
        target = await queries.channel_of(conn, channel)
        return (await queries.assortments_by_channel(conn, [target.id])).get(target.id)


@strawberry.type
@mirrors(model.Preview)
class AssortmentPreview:
    listed: int = strawberry.field(description="How many products would be listed.")
    withdrawn: int = strawberry.field(description="How many products would be withdrawn.")
    some_listed: list[str] = strawberry.field(description="Codes of up to 20 of them.")
    some_withdrawn: list[str] = strawberry.field(description="Codes of up to 20 of them.")


@field(AssortmentPreview, needs=READ, description="What saveAssortment would list and withdraw.")
async def preview_assortment(
    caller: Principal, info: Info, channel: str, rules: JSON, exclude_products: list[str] | None = None
) -> model.Preview:
    _check(caller, channel)
    async with info.context.db.read() as conn:
        return await queries.preview(conn, channel=channel, rules=rules, exclude_products=exclude_products)
