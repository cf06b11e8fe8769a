"""The short way to a value: fields that only read an attribute or a batch need none of strawberry's own machinery."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLObjectType
from strawberry.schema.schema_converter import GraphQLCoreConverter

DIRECT = "direct"  # in a field's metadata: its resolver as graphql-core calls it


def shorten(schema: strawberry.Schema) -> strawberry.Schema:
    """The schema itself, its plain fields and its batched fields without arguments resolved directly."""
    core = schema._schema  # noqa: SLF001 -- strawberry builds it; graphql-core runs it
    for kind in core.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for field in kind.fields.values():
                if direct := _direct(field):
                    field.resolve = direct
    return schema


def _direct(field: GraphQLField) -> Callable[..., Any] | None:
    definition = (field.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if definition is None or field.args:
        return None
    if definition.base_resolver is None:
        read = attrgetter(definition.python_name)
        return lambda root, _info: read(root)
    found: Callable[..., Any] | None = definition.metadata.get(DIRECT)
    return found
