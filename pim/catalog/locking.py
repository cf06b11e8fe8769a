"""Who changes products keeps the model and the rules as they are, both from before any product is held.

All share them in one order, which is that of those who change them: whoever changes the model refreshes products next,
for which the rules are shared.
"""

from kernel.db import WriteConn
from pim.assortments import locking as assortment_locking
from pim.attributes import locking as attribute_locking


async def share(conn: WriteConn) -> None:
    """Keep definitions and rules as they are until the transaction ends."""
    await attribute_locking.share(conn)
    await assortment_locking.share(conn)
