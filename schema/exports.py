"""Products taken out as files."""

from datetime import datetime
from typing import Any

import strawberry

from kernel.db import WriteConn
from kernel.principals import Principal
from pim.exports import model, operations, queries

from .access import Permission
from .enums import JobStatus, ProductExportFormat
from .fields import computed, mirrors, mutation
from .nodes import SOURCES, Node, Source, node_id
from .products import ProductFilter, wanted

READ = Permission.CATALOG_READ


def _note(root: strawberry.Parent[Any]) -> Any:
    return root.note


@strawberry.type(description="A file that is written, and kept for a day.")
@mirrors(model.Export)
class Export(Node):
    id = node_id("Export")
    status: JobStatus
    actor: str
    done: int
    total: int | None
    url: str | None = strawberry.field(
        description="Where the hub serves the file, to whoever has this address, until it expires."
    )
    expires_at: datetime | None
    problem = computed(str | None, _note, "Why it failed, or what the format could not hold.")
    created_at: datetime
    finished_at: datetime | None


SOURCES["Export"] = Source(queries.exports_by_id, READ)


@strawberry.input
class ExportProductsInput:
    idempotency_key: str
    format: ProductExportFormat
    filter: ProductFilter | None = strawberry.field(default=None, description="All products, where none is given.")
    channels: list[str] | None = strawberry.field(
        default=None, description="Only values of these channels and for all of them."
    )
    locales: list[str] | None = strawberry.field(
        default=None, description="Only values in these locales and for all of them."
    )
    attributes: list[str] | None = None


@mutation(
    Export,
    needs=READ,
    description="Write products to a file in the layout that the import takes: tables with a row for each variant, or "
    "a JSON document for each product. cancelTask stops it.",
)
async def export_products(conn: WriteConn, caller: Principal, input: ExportProductsInput) -> model.Export:
    chosen = [None if some is None else tuple(some) for some in (input.channels, input.locales, input.attributes)]
    selection = model.Selection(wanted(input.filter), *chosen)
    return await operations.start(conn, selection=selection, format=input.format.value, actor=caller.name)
