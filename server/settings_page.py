"""The settings as people read them: docs/settings.md, and what is in force now."""

from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from rich.table import Table

from server.settings import Settings

HEAD = """\
# Settings

Every setting is an environment variable. Nothing has to be set to begin with; a value out of bounds stops the hub with
one line that names the variable. `entrepot settings` shows what is in force.

| Variable | Default | Bounds | Meaning |
|---|---|---|---|
"""


def markdown() -> str:
    """The text of docs/settings.md: ``entrepot settings --markdown > docs/settings.md``."""
    rows = (
        f"| `{name.upper()}` | `{_shown(field.default)}` | {_bounds(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    )
    return HEAD + "\n".join(rows) + "\n"


def table(settings: Settings) -> Table:
    """The values in force; a secret is only said to be set."""
    shown = Table("Variable", "Value", "Default")
    for name, field in Settings.model_fields.items():
        shown.add_row(name.upper(), _shown(getattr(settings, name)), _shown(field.default))
    return shown


def _shown(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, SecretStr):
        return "set (secret)"
    if isinstance(value, Path):
        return str(value) if value.is_absolute() else f"./{value}"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _bounds(field: FieldInfo) -> str:
    """Such as ``1 to 500``, or the values there are."""
    choices = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return ", ".join(f"`{choice}`" for choice in choices)
    limits = {
        name: getattr(rule, name) for rule in field.metadata for name in ("ge", "gt", "le") if hasattr(rule, name)
    }
    low = f"above {limits['gt']}" if "gt" in limits else f"from {limits['ge']}" if "ge" in limits else ""
    high = f"to {limits['le']}" if "le" in limits else ""
    return " ".join(part for part in (low, high) if part)
