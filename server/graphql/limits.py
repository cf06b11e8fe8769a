"""What an operation may ask at the most: how deep, how many aliases, how much in all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    Visitor,
    value_from_ast_untyped,
    visit,
)

from kernel.errors import InvalidInput

PAGE_SIZES = {"first", "last"}
LISTS = {"skus", "ids"}


@dataclass(frozen=True, slots=True)
class Limits:
    depth: int = 15
    cost: int = 10_000
    aliases: int = 50


@dataclass(slots=True)
class _Walk:
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    most: Limits
    aliases: int = 0
    fields: int = 0

    def cost(self, selections: SelectionSetNode, depth: int) -> int:
        """The objects that a selection may read: each costs 1, and what is below a page its size times."""
        if depth > self.most.depth:
            raise GraphQLError(f"The operation is nested deeper than {self.most.depth} fields.", extensions=TOO_MUCH)
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self.aliases += node.alias is not None
                self.fields += 1
                if self.aliases > self.most.aliases:
                    raise GraphQLError(f"The operation has more than {self.most.aliases} aliases.", extensions=TOO_MUCH)
                if self.fields > self.most.cost:
                    raise GraphQLError(f"The operation costs more than {self.most.cost}.", extensions=TOO_MUCH)
                if node.selection_set is not None:
                    total += 1 + self.size(node) * self.cost(node.selection_set, depth + 1)
            elif isinstance(node, InlineFragmentNode):
                total += self.cost(node.selection_set, depth)
            elif isinstance(node, FragmentSpreadNode):
                total += self.cost(self.fragments[node.name.value].selection_set, depth)
        return total

    def size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in PAGE_SIZES:
                value = self.value(argument.value)
                return max(1, value) if isinstance(value, int) else 1
            if argument.name.value in LISTS:
                value = self.value(argument.value)
                return max(1, len(value)) if isinstance(value, list) else 1
        return 1

    def value(self, node: ValueNode) -> Any:
        match node:
            case VariableNode():
                return self.variables.get(node.name.value)
            case IntValueNode():
                return int(node.value)
            case ListValueNode():
                return list(node.values)
        return None


TOO_MUCH = {"code": "TOO_MUCH"}


def check(
    document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any], most: Limits
) -> None:
    """Raises GraphQLError, code TOO_MUCH, where ``operation`` asks for more than ``most``."""
    defaults = {
        d.variable.name.value: value_from_ast_untyped(d.default_value)
        for d in operation.variable_definitions or ()
        if d.default_value is not None
    }
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    cost = _Walk(fragments, defaults | dict(variables), most).cost(operation.selection_set, 1)
    if cost > most.cost:
        raise GraphQLError(f"The operation costs {cost}; at most {most.cost} is allowed.", extensions=TOO_MUCH)


def refuse_nul(value: Any, path: str = "variables") -> None:
    """Raises GraphQLError where a text in ``value`` holds the character U+0000, which PostgreSQL does not store."""
    match value:
        case str() if "\0" in value:
            refusal = InvalidInput(path, "must not hold the character U+0000")
            raise GraphQLError(str(refusal), original_error=refusal)
        case Mapping():
            for name, one in value.items():
                refuse_nul(name, path)
                refuse_nul(one, f"{path}.{name}")
        case list():
            for place, one in enumerate(value):
                refuse_nul(one, f"{path}.{place}")


def refuse_nul_in(document: DocumentNode) -> None:
    """As ``refuse_nul``, for the texts written in the document itself."""
    visit(document, _Texts())


class _Texts(Visitor):
    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        refuse_nul(node.value, "query")
