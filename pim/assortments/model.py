"""Which products a channel lists by itself: rules, as the documents in which they come and are kept."""

import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from kernel.errors import InvalidInput

MOST_RULES = 100
MOST_CONDITIONS = 10
MOST_VALUES = 500

Code = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
Amount = Annotated[Decimal, Field(max_digits=30, decimal_places=15)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Everything(_Document):
    """Every product."""

    kind: Literal["ALL"]


class InCategory(_Document):
    """What is in a category or below it."""

    kind: Literal["CATEGORY"]
    category: Code


class OfFamily(_Document):
    """What belongs to a family."""

    kind: Literal["FAMILY"]
    family: Code


class WithAttribute(_Document):
    """What has one of ``values`` or one from ``min`` to ``max``, itself or by a variant; any value if none is said."""

    kind: Literal["ATTRIBUTE"]
    attribute: Code
    values: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MOST_VALUES)] | None = None
    min: Amount | None = None
    max: Amount | None = None
    unit: Code | None = None


Simple = Annotated[Everything | InCategory | OfFamily | WithAttribute, Field(discriminator="kind")]


class Every(_Document):
    """What meets all of these conditions."""

    kind: Literal["EVERY"]
    of: Annotated[tuple[Simple, ...], Field(min_length=1, max_length=MOST_CONDITIONS)]


Condition = Annotated[Everything | InCategory | OfFamily | WithAttribute | Every, Field(discriminator="kind")]


class Rule(_Document):
    """Whether the products that meet a condition are included or excluded; excluding wins."""

    effect: Literal["INCLUDE", "EXCLUDE"] = "INCLUDE"
    when: Condition


Rules = Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES)]
_RULES: TypeAdapter[tuple[Rule, ...]] = TypeAdapter(Rules)
_KINDS = {"ALL", "CATEGORY", "FAMILY", "ATTRIBUTE", "EVERY"}


@dataclass(frozen=True, slots=True)
class Assortment:
    """What a channel lists by rules, and what of it not. ``task`` is the work of bringing its listings in line."""

    channel_id: uuid.UUID
    rules: tuple[Rule, ...]
    task_id: uuid.UUID | None = None

    @property
    def document(self) -> object:
        return dump(self.rules)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many products rules would list and withdraw, with the codes of some of each."""

    listed: int
    withdrawn: int
    some_listed: tuple[str, ...]
    some_withdrawn: tuple[str, ...]


def parse(document: object) -> tuple[Rule, ...]:
    """The rules of a document. Raises InvalidInput with the path of what is wrong in it."""
    try:
        return _RULES.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        path = [str(part) for part in first["loc"] if part not in _KINDS]
        raise InvalidInput(".".join(["rules", *path]), first["msg"]) from None


def dump(rules: tuple[Rule, ...]) -> object:
    """Rules as a document that ``parse`` reads."""
    return _RULES.dump_python(rules, mode="json", exclude_none=True)
