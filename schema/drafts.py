"""Changes of products that are shown nowhere yet."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from pim.drafts import model as drafts
from pim.products import model as products
from pim.products import queries

from .access import Permission
from .fields import computed, loads, mirrors
from .revisions import RevisionChange

if TYPE_CHECKING:
    from .products import Product

CATALOG = Permission.CATALOG_READ


@strawberry.type
@mirrors(products.Problem)
class ProductProblem:
    path: str
    message: str


def _drafted_by(root: strawberry.Parent[drafts.Draft]) -> str:
    return root.actor


@strawberry.type(description="A change of a product that is shown nowhere yet, as it was last tried.")
@mirrors(drafts.Draft)
class ProductDraft:
    code: str
    changes: list[RevisionChange]
    problems: list[ProductProblem] = strawberry.field(description="Why it cannot be applied.")
    by = computed(str, _drafted_by)
    at: datetime
    publish_at: datetime | None
    failed: bool = strawberry.field(
        description="It could not be applied at its time, and is not before it is saved anew."
    )
    product = loads(
        Annotated["Product", strawberry.lazy("schema.products")] | None,
        queries.products_by_code,
        by="code",
        needs=CATALOG,
    )
