# ruff: noqa: F401 -- these imports are what fills the metadata
"""Every table of the hub, for what must see them all: migrations and their check."""

import kernel.changes
import kernel.idempotency
import kernel.imports.tables
import kernel.outbox
import kernel.principals
import kernel.tasks
import oms.locations.tables
import oms.stock.tables
import pim.assortments.tables
import pim.attributes.tables
import pim.bulk.tables
import pim.categories.tables
import pim.channels.tables
import pim.completeness.tables
import pim.drafts.tables
import pim.entities.tables
import pim.families.tables
import pim.listings.tables
import pim.media.tables
import pim.prices.tables
import pim.products.tables
import pim.search.tables
from kernel.db import metadata

__all__ = ["metadata", "ours"]


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Whether a table is the models' to describe; partitions and the job queue describe themselves."""
    return not (kind == "table" and name is not None and name.startswith(("change_2", "pgqueuer")))
