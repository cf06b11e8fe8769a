"""Changes of rules and of products keep out of each other's way.

Whoever changes rules holds them alone; whoever changes products shares them, from before it holds any product. So a
product is listed by the rules that hold when it is committed, and new rules see every product committed before.
"""

from sqlalchemy import text

from kernel.db import WriteConn


async def hold(conn: WriteConn) -> None:
    """Be the only one to change rules, with nobody changing products, until the transaction ends."""
    await conn.execute(_HOLD)


async def share(conn: WriteConn) -> None:
    """Keep the rules as they are until the transaction ends."""
    await conn.execute(_SHARE)


_HOLD = text("SELECT pg_advisory_xact_lock(hashtext('entrepot.assortments'))")
_SHARE = text("SELECT pg_advisory_xact_lock_shared(hashtext('entrepot.assortments'))")
