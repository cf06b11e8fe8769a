"""Mappings: how a file is written, and what its columns mean to the layout they are brought into."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kernel.errors import InvalidInput

Encoding = Literal[
    "utf-8", "utf-16", "cp1250", "cp1251", "cp1252", "latin-1", "iso-8859-2", "iso-8859-15", "koi8-r", "shift_jis"
]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Some = Annotated[str, Field(max_length=2_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Format(_Strict):
    """How a file is written; what is not said is looked for in the file."""

    type: Literal["csv", "xlsx", "jsonl", "lines"] | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=10)] | None = None
    quote: Annotated[str, Field(max_length=1)] | None = Field(
        default=None, description='Empty: nothing is quoted, and a quotation mark is one. By default it is ".'
    )
    row_end: Annotated[str, Field(min_length=1, max_length=10)] | None = Field(
        default=None,
        description="What ends a row where that is more than a line break, such as `&|\\n`; needs quote empty.",
    )
    encoding: Encoding | None = Field(default=None, description="UTF-8, or what the file's byte order mark says.")
    columns: Annotated[list[Name], Field(min_length=1, max_length=2_000)] | None = Field(
        default=None, description="The names of the columns of a file without a header line."
    )
    comment: Annotated[str, Field(min_length=1, max_length=5)] | None = Field(
        default=None, description="Lines that begin with this say nothing."
    )


class Column(_Strict):
    """Where one column of the target layout comes from, and what is made of its cells on the way."""

    to: Name = Field(description="A column of the native layout, such as `sku`, `name-de-DE` or `price-EUR`.")
    source: Name | None = Field(default=None, alias="from", description="The file's column.")
    value: Some | None = Field(default=None, description="What every row has, or what stands in for an empty cell.")
    trim: bool = True
    case: Literal["upper", "lower"] | None = None
    split: Annotated[str, Field(min_length=1, max_length=10)] | None = Field(
        default=None, description="What separates the parts of a list; only a comma separates those of the layout."
    )
    part: int | None = Field(
        default=None, ge=-100, le=100, description="Take this part only: 0 the first, -1 the last."
    )
    replace: Annotated[dict[str, Some], Field(max_length=2_000)] = Field(
        default={}, description="Cells, or parts of a list, and what to read in their place; empty for nothing."
    )

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Document(_Strict):
    """A mapping. Columns of the file that it does not name mean what their own names say, unless ``rest`` is ignore."""

    layout: Literal["native", "akeneo", "google-taxonomy"] = "native"
    format: Format = Format()
    columns: Annotated[list[Column], Field(max_length=2_000)] = []
    rest: Literal["native", "ignore"] = "native"


def parse(document: Any) -> Document:
    """Raises InvalidInput."""
    try:
        return Document.model_validate(document)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        raise InvalidInput(".".join(["document", *map(str, first["loc"])]), first["msg"][:200]) from None


def transform(column: Column, cell: str) -> str:
    """What a cell says to the layout; a list comes out separated by commas."""
    text = cell.strip() if column.trim else cell
    if not text:
        return column.value or ""
    if column.split is None and column.part is None:
        return _one(column, text)
    parts = [one.strip() for one in text.split(column.split or ",")]
    if column.part is not None:
        try:
            parts = [parts[column.part]]
        except IndexError:
            parts = []
    return ",".join(found for one in parts if (found := _one(column, one)))


def _one(column: Column, text: str) -> str:
    if column.case:
        text = text.upper() if column.case == "upper" else text.lower()
    return column.replace.get(text, text)
