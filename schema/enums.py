"""The enums of the schema. Values are names, so that the domain's own words stand for them."""

from enum import StrEnum

import strawberry


@strawberry.enum
class AttributeType(StrEnum):
    TEXT = "TEXT"
    LONG_TEXT = "LONG_TEXT"
    NUMBER = "NUMBER"
    MEASUREMENT = "MEASUREMENT"
    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    SELECT = "SELECT"
    MULTI_SELECT = "MULTI_SELECT"
    MONEY = "MONEY"
    MEDIA = "MEDIA"
    REFERENCE = "REFERENCE"


@strawberry.enum
class AssociationKind(StrEnum):
    CROSS_SELL = "CROSS_SELL"
    UP_SELL = "UP_SELL"
    SUBSTITUTE = "SUBSTITUTE"
    ACCESSORY = "ACCESSORY"
    SPARE_PART = "SPARE_PART"
    BUNDLE = "BUNDLE"
    BOUGHT_TOGETHER = "BOUGHT_TOGETHER"


@strawberry.enum
class AvailabilityStatus(StrEnum):
    IN_STOCK = "IN_STOCK"
    LOW_STOCK = "LOW_STOCK"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    BACKORDER = "BACKORDER"
    PREORDER = "PREORDER"


@strawberry.enum
class BulkAction(StrEnum):
    SET = "SET"
    ADD = "ADD"
    REMOVE = "REMOVE"
    CLEAR = "CLEAR"


@strawberry.enum
class ChannelKind(StrEnum):
    WEB = "WEB"
    APP = "APP"
    POS = "POS"
    MARKETPLACE = "MARKETPLACE"
    PRINT = "PRINT"


@strawberry.enum
class Direction(StrEnum):
    ASC = "ASC"
    DESC = "DESC"


@strawberry.enum
class ListingSortKey(StrEnum):
    RELEVANCE = "RELEVANCE"
    NAME = "NAME"
    PRICE = "PRICE"
    NEWEST = "NEWEST"
    POSITION = "POSITION"


@strawberry.enum
class ImportKind(StrEnum):
    PRODUCTS = "PRODUCTS"
    CATEGORIES = "CATEGORIES"
    PRICES = "PRICES"
    STOCK = "STOCK"
    LOCATIONS = "LOCATIONS"
    CUSTOMERS = "CUSTOMERS"
    ORDERS = "ORDERS"


@strawberry.enum
class JobStatus(StrEnum):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@strawberry.enum
class ListingStatus(StrEnum):
    DRAFT = "DRAFT"
    SCHEDULED = "SCHEDULED"
    PUBLISHED = "PUBLISHED"
    WITHDRAWN = "WITHDRAWN"


@strawberry.enum
class LocationCapability(StrEnum):
    SHIPS = "SHIPS"
    PICKUP = "PICKUP"
    RETURNS = "RETURNS"


@strawberry.enum
class LocationKind(StrEnum):
    WAREHOUSE = "WAREHOUSE"
    STORE = "STORE"
    DARK_STORE = "DARK_STORE"
    SUPPLIER = "SUPPLIER"
    TRANSIT = "TRANSIT"


@strawberry.enum
class MediaKind(StrEnum):
    IMAGE = "IMAGE"
    VIDEO = "VIDEO"
    DOCUMENT = "DOCUMENT"


@strawberry.enum
class ProductExportFormat(StrEnum):
    CSV = "CSV"
    XLSX = "XLSX"
    JSONL = "JSONL"


@strawberry.enum
class StockReason(StrEnum):
    RECEIVED = "RECEIVED"
    SOLD = "SOLD"
    RETURNED = "RETURNED"
    CORRECTION = "CORRECTION"
    DAMAGE = "DAMAGE"
    THEFT = "THEFT"
    EXPIRED = "EXPIRED"
    COUNT = "COUNT"
    TRANSFER = "TRANSFER"
    PROMOTION = "PROMOTION"
    OTHER = "OTHER"


@strawberry.enum
class StockState(StrEnum):
    AVAILABLE = "AVAILABLE"
    COMMITTED = "COMMITTED"
    RESERVED = "RESERVED"
    DAMAGED = "DAMAGED"
    QUALITY_CONTROL = "QUALITY_CONTROL"
    SAFETY_STOCK = "SAFETY_STOCK"
    ON_HAND = "ON_HAND"
    INCOMING = "INCOMING"


@strawberry.enum
class ValueLevel(StrEnum):
    PRODUCT = "PRODUCT"
    VARIANT = "VARIANT"


@strawberry.enum
class Topic(StrEnum):
    PRODUCT = "PRODUCT"
    LISTING = "LISTING"
    PRICE = "PRICE"
    PROMOTION = "PROMOTION"
    STOCK = "STOCK"
    AVAILABILITY = "AVAILABILITY"
    CART = "CART"
    ORDER = "ORDER"
    FULFILLMENT = "FULFILLMENT"
    SHIPMENT = "SHIPMENT"
    RETURN = "RETURN"
    CUSTOMER = "CUSTOMER"
    LOYALTY = "LOYALTY"
    LOCATION = "LOCATION"
