import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter

from kernel.tasks import DONE, Task
from pim.catalog.model import ProductFilter

KIND = "product.export"
CSV, XLSX, JSONL = FORMATS = ("CSV", "XLSX", "JSONL")
KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Selection:
    """What is exported: of which products, and the values of which channels, locales and attributes.

    None stands for all of them. Values that are for all channels or locales always come along.
    """

    filter: ProductFilter = field(default_factory=ProductFilter)
    channels: tuple[str, ...] | None = None
    locales: tuple[str, ...] | None = None
    attributes: tuple[str, ...] | None = None

    def kept(self) -> Any:
        """The selection as JSON can hold it."""
        return _ADAPTER.dump_python(self, mode="json")

    @staticmethod
    def read(kept: Any) -> "Selection":
        return _ADAPTER.validate_python(kept)


_ADAPTER = TypeAdapter(Selection)


@dataclass(frozen=True, slots=True)
class Written:
    """A file: how many products and rows it has. ``left_out`` are values that it cannot hold."""

    products: int
    rows: int
    left_out: int = 0
    first_left_out: str | None = None


@dataclass(frozen=True, slots=True)
class Export(Task):
    """A task that writes a file of products, which is kept for 24 hours."""

    @classmethod
    def of(cls, task: Task) -> "Export":
        return cls(**{one.name: getattr(task, one.name) for one in fields(task)})

    @property
    def format(self) -> str:
        return str(self.given["format"])

    @property
    def file_name(self) -> str:
        return f"{self.id}.{self.format.lower()}"

    @property
    def key(self) -> str:
        """Where the file is kept."""
        return f"exports/{self.file_name}"

    @property
    def expires_at(self) -> datetime | None:
        return self.finished_at + KEPT if self.status == DONE and self.finished_at else None

    @property
    def url(self) -> str | None:
        """Where the hub serves the file to whoever has this address; None before it is done and after it expired."""
        until = self.expires_at
        if until is None or until <= datetime.now(UTC):
            return None
        return f"/exports/{self.file_name}?expires={int(until.timestamp())}&signature={self._signature()}"

    @property
    def note(self) -> str | None:
        """Why it failed, or what the file lacks."""
        result: Mapping[str, Any] = self.result or {}
        if self.problem or not result.get("left_out"):
            return self.problem
        return (
            f"{result['left_out']} values that such a table cannot hold were left out, the first of them "
            f"{result['first_left_out']}; JSONL holds them all"
        )

    def opens(self, expires: str, signature: str) -> bool:
        """Whether what an address says is what ``url`` says now."""
        until = self.expires_at
        fits = until is not None and until > datetime.now(UTC) and expires == str(int(until.timestamp()))
        return hmac.compare_digest(signature.encode(), self._signature().encode()) and fits

    def _signature(self) -> str:
        until = int(self.expires_at.timestamp()) if self.expires_at else 0
        secret = bytes.fromhex(self.given["secret"])
        return hmac.new(secret, f"{self.file_name}:{until}".encode(), hashlib.sha256).hexdigest()
