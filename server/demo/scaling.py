"""Growing the demo shop to any size by COPY."""

from kernel.db import Database


async def grow(db: Database, variants: int) -> None:
    """Make the catalog have ``variants`` variants in all."""
