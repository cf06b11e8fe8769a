"""Refusals as GraphQL shows them: members of a mutation's union here, codes of an error elsewhere."""

import re
from typing import Any

import strawberry

from kernel.errors import DomainError


@strawberry.interface(description="Why something was not done.")
class Error:
    message: str


@strawberry.type
class InvalidInput(Error):
    path: str
    problem: str


@strawberry.type
class NotFound(Error):
    kind: str
    key: str


@strawberry.type
class Forbidden(Error):
    need: str


@strawberry.type
class IdempotencyConflict(Error):
    key: str


def code(error: DomainError) -> str:
    """The code of a refusal where it is no member of a union: InvalidInput becomes INVALID_INPUT."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).upper()


def extensions(error: DomainError) -> dict[str, Any]:
    return {"code": code(error)} | vars(error)
