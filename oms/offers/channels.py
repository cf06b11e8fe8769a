"""Channels as head office arranges them: their languages, their part of the catalog, and whose stock they sell."""

from collections.abc import Sequence

from kernel.db import WriteConn
from kernel.errors import Forbidden
from kernel.principals import Principal
from oms.locations import operations as location_operations
from pim.channels import operations as channel_operations
from pim.channels.model import Channel

from . import jobs, queries


async def save(
    conn: WriteConn,
    caller: Principal,
    *,
    code: str,
    name: str,
    kind: str,
    currency: str,
    locales: Sequence[str],
    locations: Sequence[str] | None = None,
    category_tree: str | None = None,
    time_zone: str | None = None,
    required_completeness: int | None = None,
) -> Channel:
    """Create the channel ``code`` or define it anew, and bring in line what is shown there and how complete it is.

    ``locations`` are those whose stock it sells, None leaves them alone. Where there are many products, what is shown
    follows by a task. Raises InvalidInput and Forbidden.
    """
    if not caller.sells_on(code):
        raise Forbidden(f"the channel {code[:100]}")
    before = await queries.makings(conn)
    after = await channel_operations.save(
        conn,
        code=code,
        name=name,
        kind=kind,
        currency=currency,
        locales=locales,
        category_tree=category_tree,
        time_zone=time_zone,
        required_completeness=required_completeness,
    )
    if locations is not None:
        await location_operations.sell_from(conn, channel=code, locations=locations)
    await jobs.refresh_changed(conn, before, actor=caller.name)
    return after
