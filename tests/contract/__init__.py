"""The operations that real clients send, by name, each with the fragments it needs."""

from functools import cache
from pathlib import Path

from graphql import DocumentNode, parse, print_ast, separate_operations

FOLDER = Path(__file__).parent
CLIENTS = ("storefront", "marketplace", "stores", "merchandiser", "operations")


@cache
def operations() -> dict[str, DocumentNode]:
    """Every operation of the contract."""
    found: dict[str, DocumentNode] = {}
    for client in CLIENTS:
        mine = separate_operations(parse((FOLDER / f"{client}.graphql").read_text()))
        assert not mine.keys() & found.keys()
        found |= mine
    return found


@cache
def text(name: str) -> str:
    """The document of one operation, as it is sent."""
    return print_ast(operations()[name])
