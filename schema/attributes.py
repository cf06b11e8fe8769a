import uuid
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from kernel import ids, money
from kernel.db import WriteConn
from kernel.paging import Window
from kernel.principals import Principal
from pim.attributes import model, operations, queries, rules, values
from pim.listings import model as listing_model
from pim.media import references
from pim.modeling import operations as modeling
from pim.products.resolving import ResolvedValue

from .access import Permission
from .context import Info
from .enums import AttributeType
from .fields import field, loads, mirrors, mutation
from .labels import LabelInput, labels, texts
from .media import Media
from .modeling import WouldBreak, work
from .money import Money
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection
from .scalars import JSON

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE


@strawberry.type
@mirrors(model.Group)
class AttributeGroup:
    code: str
    label: str
    position: int
    labels = labels()


@strawberry.type
class TextValue:
    text: str


@strawberry.type
class NumberValue:
    number: Decimal


@strawberry.type
class MeasureValue:
    amount: Decimal
    unit: str


@strawberry.type
class BooleanValue:
    boolean: bool


@strawberry.type
class DateValue:
    date: date


@strawberry.type
class MoneyValue:
    money: Money


@strawberry.type
class SelectOption:
    code: str
    label: str


@strawberry.type
class SelectValue:
    options: list[SelectOption]


@strawberry.type(description="One of the values that an attribute of type SELECT or MULTI_SELECT may have.")
@mirrors(model.Option)
class AttributeOption:
    code: str
    position: int
    labels = labels()


def _options(found: dict[str, model.Option]) -> list[model.Option]:
    return list(found.values())


@strawberry.type
@mirrors(model.Attribute)
class Attribute(Node):
    id = node_id("Attribute")
    code: str
    type: AttributeType
    localizable: bool
    scopable: bool
    unique: bool
    filterable: bool
    searchable: bool
    unit_family: str | None
    default_unit: str | None
    reference_entity: str | None
    validation: JSON
    position: int
    labels = labels()
    tasks = work("attribute")
    group = loads(AttributeGroup | None, queries.groups_by_code, by="group_code", needs=READ)
    options = loads(
        list[AttributeOption], queries.options_by_attribute, by="code", otherwise=(), pick=_options, needs=READ
    )


@strawberry.type
class MediaValue:
    key: strawberry.Private[tuple[str, uuid.UUID | None]]
    media = loads(Media | None, references.media_in_locale, by="key")


@strawberry.type(description="Another product, or a record of a reference entity.")
class ReferenceValue:
    code: str
    label: str
    entity: str | None = strawberry.field(description="The code of the reference entity; null stands for products.")


SOURCES["Attribute"] = Source(queries.attributes_by_id, READ)
AttributeValue = Annotated[
    TextValue
    | NumberValue
    | MeasureValue
    | BooleanValue
    | DateValue
    | MoneyValue
    | SelectValue
    | MediaValue
    | ReferenceValue,
    strawberry.union("AttributeValue"),
]


def value_of(one: listing_model.ListingAttribute | ResolvedValue) -> Any:  # noqa: PLR0911 -- a table
    """The value of an attribute as its type says."""
    stored = one.stored
    if not values.shaped(one.attribute, stored):
        return TextValue(text=one.display)
    match one.attribute.type:
        case "NUMBER":
            return NumberValue(number=Decimal(stored))
        case "MEASUREMENT":
            return MeasureValue(amount=Decimal(stored["amount"]), unit=stored["unit"])
        case "BOOLEAN":
            return BooleanValue(boolean=stored)
        case "DATE":
            return DateValue(date=date.fromisoformat(stored))
        case "MONEY":
            return MoneyValue(money=money.parse(stored["amount"], stored["currency"]))  # type: ignore[arg-type]
        case "SELECT" | "MULTI_SELECT":
            codes = [stored] if isinstance(stored, str) else stored
            return SelectValue(
                options=[
                    SelectOption(code=code, label=values.option_label(one.options, code, one.locale)) for code in codes
                ]
            )
        case "MEDIA":
            return MediaValue(key=(one.locale, ids.as_uuid(stored)))
        case "REFERENCE":
            return ReferenceValue(code=stored, label=one.display, entity=one.attribute.reference_entity)
    return TextValue(text=str(stored))


@strawberry.input
class OptionInput:
    code: str
    labels: list[LabelInput]


@strawberry.input(description="The whole definition: what is not given is as the defaults say. Options not named stay.")
class DefineAttributeInput:
    idempotency_key: str
    code: str
    type: AttributeType
    labels: list[LabelInput]
    group: str | None = None
    localizable: bool | None = False
    scopable: bool | None = False
    unique: bool | None = False
    filterable: bool | None = False
    searchable: bool | None = False
    options: list[OptionInput] | None = None
    unit_family: str | None = None
    default_unit: str | None = None
    reference_entity: str | None = strawberry.field(
        default=None, description="What an attribute of type REFERENCE refers to; products where none is given."
    )
    validation: JSON | None = strawberry.field(
        default=None,
        description="An object of rules: minLength, maxLength, pattern (RE2), min, max, decimals, units, "
        "currencies, extensions, maxBytes.",
    )
    position: int | None = strawberry.field(
        default=None, description="Its place among the attributes; where none is given, it stays or is the last."
    )
    force: bool | None = strawberry.field(
        default=False, description="Take away the values that cannot be kept, where WouldBreak would be answered."
    )


@strawberry.input
class SaveAttributeGroupInput:
    idempotency_key: str
    code: str
    labels: list[LabelInput]
    position: int | None = strawberry.field(
        default=None, description="Its place among the groups; where none is given, it stays or is the last."
    )


@mutation(Attribute, WouldBreak, needs=WRITE, description="Create an attribute, or define it anew.")
async def define_attribute(conn: WriteConn, caller: Principal, input: DefineAttributeInput) -> model.Attribute:
    options = [
        model.Option(one.code, texts(one.labels, path=f"options.{place}.labels"))
        for place, one in enumerate(input.options or ())
    ]
    return await modeling.define_attribute(
        conn,
        actor=caller.name,
        force=bool(input.force),
        code=input.code,
        type=input.type.value,
        labels=texts(input.labels),
        group=input.group,
        localizable=bool(input.localizable),
        scopable=bool(input.scopable),
        unique=bool(input.unique),
        filterable=bool(input.filterable),
        searchable=bool(input.searchable),
        options=None if input.options is None else options,
        unit_family=input.unit_family,
        default_unit=input.default_unit,
        reference_entity=input.reference_entity,
        validation=rules.document(input.validation),
        position=input.position,
    )


@mutation(AttributeGroup, needs=WRITE, description="Create a group of attributes, or change it.")
async def save_attribute_group(conn: WriteConn, _caller: Principal, input: SaveAttributeGroupInput) -> model.Group:
    return await operations.save_group(conn, code=input.code, labels=texts(input.labels), position=input.position)


@field(Attribute | None, needs=READ)
async def attribute(_caller: Principal, info: Info, code: str) -> model.Attribute | None:
    return await info.context.reads.load(queries.attributes_by_code, code)


@field(Connection[Attribute], needs=READ, description="By code. The search looks into codes and labels.")
async def attributes(
    _caller: Principal,
    info: Info,
    window: Window,
    search: str | None = None,
    type: AttributeType | None = None,
    group: str | None = None,
) -> Any:
    async with info.context.db.read() as conn:
        found = await queries.page_of_attributes(
            conn, window, search=search, type=type.value if type else None, group=group
        )
    return connection(found)


@field(Connection[AttributeGroup], needs=READ, description="By position.")
async def attribute_groups(
    _caller: Principal,
    info: Info,
    window: Window,
) -> Any:
    async with info.context.db.read() as conn:
        return connection(await queries.page_of_groups(conn, window))
