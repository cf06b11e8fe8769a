"""Trees are changed by one at a time: two that move each other's ancestors would make a circle."""

from sqlalchemy import text

from kernel.db import WriteConn


async def hold(conn: WriteConn) -> None:
    """Be the only one to change categories until the transaction ends."""
    await conn.execute(_HOLD)


_HOLD = text("SELECT pg_advisory_xact_lock(hashtext('entrepot.categories'))")
