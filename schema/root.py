"""The one schema: every root field there is."""

import strawberry
from strawberry.tools import create_type

from . import (
    assortments,
    attributes,
    availability,
    bulk,
    categories,
    changes,
    channels,
    entities,
    exports,
    families,
    hub,
    listings,
    locations,
    media,
    nodes,
    products,
    saving,
    shop,
    stock,
    tasks,
)
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
                assortments.assortment,
                assortments.preview_assortment,
                attributes.attribute,
                attributes.attributes,
                attributes.attribute_groups,
                families.family,
                families.families,
                categories.category,
                categories.categories,
                entities.reference_entity,
                entities.reference_entities,
                entities.reference_record,
                bulk.preview_bulk_edit,
                stock.stock,
                stock.movements,
                locations.location,
                locations.locations,
                media.media,
                tasks.tasks,
                changes.changes,
                nodes.node,
                nodes.nodes,
                hub.hub,
            ],
        ),
        mutation=create_type(
            "Mutation",
            [
                attributes.define_attribute,
                attributes.save_attribute_group,
                families.define_family,
                categories.save_category,
                channels.save_channel,
                categories.delete_category,
                entities.save_reference_entity,
                entities.save_reference_records,
                entities.delete_reference_records,
                listings.publish_listings,
                assortments.save_assortment,
                saving.upsert_products,
                saving.restore_revision,
                saving.save_association_kind,
                media.upload_media,
                media.request_upload,
                media.save_media,
                media.delete_media,
                stock.adjust_stock,
                stock.set_stock,
                tasks.cancel_task,
                bulk.bulk_edit,
                bulk.undo_bulk_edit,
                exports.export_products,
            ],
        ),
        subscription=create_type(
            "Subscription", [stock.stock_changed, availability.availability_changed, changes.changes_subscription]
        ),
        types=[saving.UpsertedProduct, saving.RefusedProduct],
        config=CONFIG,
    )
)
