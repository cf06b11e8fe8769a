"""Changes of the model and of content keep out of each other's way.

Whoever changes definitions holds the model alone; whoever writes content shares it, so that what was checked against a
definition is stored under that definition.
"""

from sqlalchemy import text

from kernel.db import WriteConn


async def hold(conn: WriteConn) -> None:
    """Be the only one to change definitions, with nobody writing content, until the transaction ends."""
    await conn.execute(_HOLD)


async def share(conn: WriteConn) -> None:
    """Keep the definitions as they are until the transaction ends."""
    await conn.execute(_SHARE)


_HOLD = text("SELECT pg_advisory_xact_lock(hashtext('entrepot.model'))")
_SHARE = text("SELECT pg_advisory_xact_lock_shared(hashtext('entrepot.model'))")
