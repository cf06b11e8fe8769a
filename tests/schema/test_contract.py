"""The schema serves the contract: every operation of its clients is valid, or stands in a list that only shrinks."""

from collections.abc import Iterable, Iterator

import pytest
from graphql import (
    EnumTypeDefinitionNode,
    EnumValueDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    NoDeprecatedCustomRule,
    NonNullTypeNode,
    parse,
    print_ast,
    print_schema,
    validate,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.access import Permission
from schema.fields import NEEDS
from schema.root import schema
from server import schema_file
from tests import contract

CORE = schema._schema  # noqa: SLF001 -- the schema as graphql-core runs it
Definition = EnumTypeDefinitionNode | InputObjectTypeDefinitionNode

NAMES = """
    PickupLocations CreateCart AddToCart ChangeCartLine ApplyCoupon SetDelivery ClaimCart HoldCart PlaceOrder WatchCart
    ImportOrders Shipments StartExport RegisterWebhook WebhookHealth
    MoveStockState CreateTransfer ShipTransfer ReceiveTransfer AnnounceInbound ReceiveInbound StartCount PostCount
    WorkQueue WatchWorkQueue AcceptFulfillment RejectFulfillment PickFulfillment PackFulfillment ShipFulfillment
    ReadyForPickup HandOver MarkNoShow FindOrder RequestReturn ApproveReturn ReceiveReturn InspectReturn SettleReturn
    SavePriceList SetPrices ExplainPrice SavePromotion SimulatePromotion
    Promotions
    OrderSheet Orders CancelOrder EditOrder HoldOrder ReleaseOrder WatchOrders SaveSourcingRules ExplainSourcing
    SimulateSourcing SaveLocation CustomerSheet SaveCustomer MergeCustomers EraseCustomer ExportCustomer
    RecordInteraction Audit Health
"""
NOT_YET = frozenset(NAMES.split())


def test_the_contract_has_93_operations() -> None:
    assert len(contract.operations()) == 93


@pytest.mark.parametrize("name", sorted(contract.operations().keys() - NOT_YET))
def test_the_schema_serves(name: str) -> None:
    assert validate(CORE, contract.operations()[name]) == []


@pytest.mark.parametrize("name", sorted(contract.operations().keys() - NOT_YET))
def test_nothing_deprecated_is_asked_by(name: str) -> None:
    assert validate(CORE, contract.operations()[name], [NoDeprecatedCustomRule]) == []


def test_what_is_not_served_yet_is_an_operation_of_the_contract() -> None:
    assert contract.operations().keys() >= NOT_YET


@pytest.mark.parametrize("name", sorted(NOT_YET))
def test_the_list_of_what_is_not_served_yet_only_shrinks(name: str) -> None:
    assert validate(CORE, contract.operations()[name]), f"{name} is served now: take it off NOT_YET"


def _root_fields() -> Iterator[tuple[str, GraphQLField]]:
    for root in (CORE.query_type, CORE.mutation_type, CORE.subscription_type):
        assert isinstance(root, GraphQLObjectType)
        yield from ((f"{root.name}.{name}", field) for name, field in root.fields.items())


@pytest.mark.parametrize(("name", "field"), list(_root_fields()), ids=lambda one: one if isinstance(one, str) else "")
def test_a_root_field_says_which_permission_it_needs(name: str, field: GraphQLField) -> None:
    assert field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].metadata[NEEDS] in set(Permission)


def _definitions(sdl: str) -> dict[str, Definition]:
    found = (one for one in parse(sdl).definitions if isinstance(one, Definition))
    return {one.name.value: one for one in found}


ASKED = _definitions((contract.FOLDER / "inputs.graphql").read_text())
SERVED = _definitions(print_schema(CORE))


@pytest.mark.parametrize("name", sorted(ASKED.keys() & SERVED.keys()))
def test_an_input_takes_what_clients_send_and_requires_no_more(name: str) -> None:
    asked, served = ASKED[name], SERVED[name]
    if isinstance(asked, EnumTypeDefinitionNode):
        assert isinstance(served, EnumTypeDefinitionNode)
        assert _names(served.values or ()) >= _names(asked.values or ())
        return
    assert isinstance(served, InputObjectTypeDefinitionNode)
    asked_fields, served_fields = ({f.name.value: f for f in one.fields or ()} for one in (asked, served))
    assert served_fields.keys() >= asked_fields.keys()
    for key, field in served_fields.items():
        if key in asked_fields:
            assert _takes(field, asked_fields[key]), f"{key} is {print_ast(field)}, not {print_ast(asked_fields[key])}"
        else:
            assert field.default_value or not isinstance(field.type, NonNullTypeNode), f"{key} must be optional"


def _names(nodes: Iterable[EnumValueDefinitionNode]) -> set[str]:
    return {node.name.value for node in nodes}


def _takes(served: InputValueDefinitionNode, asked: InputValueDefinitionNode) -> bool:
    """The same type and default, or laxer."""
    default = asked.default_value and print_ast(asked.default_value)
    if default and default != (served.default_value and print_ast(served.default_value)):
        return False
    kind = print_ast(asked.type)
    return print_ast(served.type) in {kind, kind.removesuffix("!")}


def test_the_schema_file_is_current() -> None:
    schema_file.check()
