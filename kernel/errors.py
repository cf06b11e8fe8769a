"""Refusals: what a rule answers when it says no."""

from dataclasses import dataclass


class DomainError(Exception):
    """A rule said no. Subclasses are dataclasses; their docstring is the message."""

    def __str__(self) -> str:
        told = {name: getattr(self, name) for name, kind in vars(type(self)).items() if isinstance(kind, property)}
        return (self.__doc__ or "").format_map(vars(self) | told)


@dataclass
class InvalidInput(DomainError):
    """{path}: {problem}."""

    path: str
    problem: str


@dataclass
class NotFound(DomainError):
    """There is no {kind} {key}."""

    kind: str
    key: str


@dataclass
class Forbidden(DomainError):
    """The token does not allow {need}."""

    need: str


@dataclass
class IdempotencyConflict(DomainError):
    """The idempotency key {key} was used before with another input."""

    key: str


@dataclass
class CursorExpired(DomainError):
    """The changes after this cursor are no longer kept; start over from a snapshot, or go on at {oldest}."""

    oldest: str
