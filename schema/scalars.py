"""How numbers, moments and documents are written: decimals and big integers as strings, times with their offset."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from kernel.files import Upload

BigInt = NewType("BigInt", int)
JSON = NewType("JSON", object)


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise GraphQLError('a Decimal must be a string such as "12.50"')
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 30:  # noqa: PLR2004
        raise GraphQLError(f"{str(value)[:40]!r} is no decimal number")
    return number


def _moment(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        usable = found is not None and found.tzinfo is not None and found.astimezone(UTC)
    except (ValueError, OverflowError):
        usable = None
    if not usable:
        raise GraphQLError("a DateTime must be as ISO 8601 says, with an offset: 2026-03-01T12:00:00+01:00")
    return usable


def _day(value: object) -> date:
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]  # what is no text is refused below
    except (ValueError, TypeError):
        raise GraphQLError("a Date must be as ISO 8601 says: 2026-03-01") from None


def _big(value: object) -> int:
    try:
        return int(value)  # type: ignore[call-overload, no-any-return]  # what is no number is refused below
    except (ValueError, TypeError):
        raise GraphQLError("a BigInt must be a string of digits") from None


def _scalar(name: str, description: str, origin: Any, serialize: Any, parse: Any) -> ScalarDefinition:
    return ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=None,
        serialize=serialize,
        parse_value=parse,
        parse_literal=None,
        origin=origin,
    )


def _upload(value: object) -> Upload:
    if not isinstance(value, Upload):
        raise GraphQLError("an Upload comes in a GraphQL multipart request: null here, and map says which file it is")
    return value


def _never(_value: object) -> object:
    raise GraphQLError("an Upload is taken and never shown")


def _same(value: Any) -> Any:
    return value


def _json(value: Any) -> Any:
    """A document of which every number is one that is read from variables: 64 bits whole, beyond them a float."""
    match value:
        case dict():
            return {key: _json(one) for key, one in value.items()}
        case list():
            return [_json(one) for one in value]
        case int() if not -(2**63) <= value < 2**64:
            try:
                return float(value)
            except OverflowError:
                return float("inf")
    return value


CONFIG = StrawberryConfig(
    scalar_map={
        Decimal: _scalar(
            "Decimal", "A decimal number in plain notation, as a string.", Decimal, "{:f}".format, _decimal
        ),
        datetime: _scalar("DateTime", "A moment, ISO 8601 with offset.", datetime, datetime.isoformat, _moment),
        date: _scalar("Date", "A day, ISO 8601.", date, str, _day),
        BigInt: _scalar("BigInt", "An integer beyond 32 bits, as a string.", BigInt, str, _big),
        JSON: _scalar("JSON", "Any JSON value.", JSON, _same, _json),
        Upload: _scalar(
            "Upload", "A file, sent as the GraphQL multipart request specification says.", Upload, _never, _upload
        ),
    }
)
