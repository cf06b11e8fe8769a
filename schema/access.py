"""What a principal may do, and the roles that are usually given."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    SHOP_READ = "shop:read"
    CATALOG_READ = "catalog:read"
    CATALOG_WRITE = "catalog:write"
    PRICES_READ = "prices:read"
    PRICES_WRITE = "prices:write"
    STOCK_READ = "stock:read"
    STOCK_WRITE = "stock:write"
    LOCATIONS_READ = "locations:read"
    LOCATIONS_WRITE = "locations:write"
    CHANNELS_WRITE = "channels:write"
    ORDERS_READ = "orders:read"
    CUSTOMERS_READ = "customers:read"
    CHANGES_READ = "changes:read"
    HUB_READ = "hub:read"


_P = Permission
TOPICS: Mapping[str, Permission] = {
    "PRODUCT": _P.CATALOG_READ,
    "LISTING": _P.SHOP_READ,
    "PRICE": _P.SHOP_READ,
    "PROMOTION": _P.SHOP_READ,
    "STOCK": _P.STOCK_READ,
    "AVAILABILITY": _P.SHOP_READ,
    "CART": _P.CUSTOMERS_READ,
    "ORDER": _P.ORDERS_READ,
    "FULFILLMENT": _P.ORDERS_READ,
    "SHIPMENT": _P.ORDERS_READ,
    "RETURN": _P.ORDERS_READ,
    "CUSTOMER": _P.CUSTOMERS_READ,
    "LOYALTY": _P.CUSTOMERS_READ,
    "LOCATION": _P.LOCATIONS_READ,
}
ROLES: Mapping[str, frozenset[Permission]] = {
    "web": frozenset({_P.SHOP_READ, _P.LOCATIONS_READ}),
    "marketplace": frozenset({_P.SHOP_READ, _P.LOCATIONS_READ, _P.CHANGES_READ, _P.ORDERS_READ}),
    "store": frozenset(
        {_P.SHOP_READ, _P.CATALOG_READ, _P.STOCK_READ, _P.STOCK_WRITE, _P.LOCATIONS_READ, _P.CHANGES_READ}
    ),
    "merchandiser": frozenset(
        {
            _P.SHOP_READ,
            _P.CATALOG_READ,
            _P.CATALOG_WRITE,
            _P.PRICES_READ,
            _P.PRICES_WRITE,
            _P.LOCATIONS_READ,
            _P.CHANGES_READ,
        }
    ),
    "head_office": frozenset(Permission),
}
