"""The file schema.graphql: the schema as clients see it, checked in so that a change of it is read in its diff."""

from pathlib import Path

from schema.root import schema
from server.errors import OperatorError

FILE = Path(__file__).parents[1] / "schema.graphql"


def text() -> str:
    return schema.as_str().strip() + "\n"


def write() -> None:
    FILE.write_text(text())


def check() -> None:
    """Raises OperatorError where the file is not what the code says."""
    if not FILE.exists() or FILE.read_text() != text():
        raise OperatorError("schema.graphql is not current: run `entrepot schema` and review its diff")
