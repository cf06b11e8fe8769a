"""The one schema: every root field there is."""

import strawberry
from strawberry.tools import create_type

from . import availability, changes, hub, locations, nodes, products, shop, stock
from .lean import shorten
from .scalars import CONFIG

schema = shorten(
    strawberry.Schema(
        query=create_type(
            "Query",
            [
                shop.shop,
                products.product,
                products.variant,
                products.products,
                stock.stock,
                stock.movements,
                locations.location,
                locations.locations,
                changes.changes,
                nodes.node,
                nodes.nodes,
                hub.hub,
            ],
        ),
        mutation=create_type("Mutation", [stock.adjust_stock, stock.set_stock]),
        subscription=create_type(
            "Subscription", [stock.stock_changed, availability.availability_changed, changes.changes_subscription]
        ),
        config=CONFIG,
    )
)
