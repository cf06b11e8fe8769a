"""What can be set, by environment variables of the same names in capitals."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from server.errors import OperatorError

MIB = 1024 * 1024
SECRETS = frozenset({"database_url", "files_access_key_id", "files_secret_access_key"})
BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9][A-Za-z0-9/_.-]*))?")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen on; `0.0.0.0` for every network."
    )
    port: int = Field(default=8000, ge=1, le=65_535, description="Port to listen on.")
    data_dir: Path = Field(
        default=Path("./var"),
        description="Folder of the embedded PostgreSQL, of local media files and of what is being uploaded.",
    )
    files_url: str | None = Field(
        default=None,
        description="Bucket for media and imported files, `s3://bucket` or `s3://bucket/folder`, at AWS or whatever "
        "speaks S3. Unset, they are kept in `DATA_DIR/media`.",
    )
    files_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^/]+",
        description="Where the bucket is, such as `https://minio.example:9000`; unset, AWS.",
    )
    files_region: str | None = Field(default=None, description="Region of the bucket.")
    files_access_key_id: SecretStr | None = Field(
        default=None, description="Access key of the bucket; unset, the machine's own role or `AWS_…` variables."
    )
    files_secret_access_key: SecretStr | None = Field(default=None, description="Secret of the access key.")
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL 18 or newer to use, `postgresql://user:password@host:5432/name`. "
        "Unset, Entrepot runs the embedded one in `DATA_DIR`.",
    )
    database_pool_size: int = Field(default=8, ge=1, le=500, description="Connections for writing, per process.")
    database_read_pool_size: int = Field(default=12, ge=1, le=500, description="Connections for reading, per process.")
    read_timeout_seconds: float = Field(default=10, gt=0, le=3600, description="Longest run of one reading statement.")
    statement_timeout_seconds: float = Field(
        default=30, gt=0, le=3600, description="Longest run of one writing statement."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe log line shown."
    )
    change_retention_days: int = Field(
        default=7,
        ge=1,
        le=365,
        description="How long the change feed is kept; an older cursor answers `CursorExpired`.",
    )
    idempotency_retention_days: int = Field(
        default=7, ge=1, le=365, description="How long an idempotency key replays its stored result."
    )
    subscriber_buffer: int = Field(
        default=1000,
        ge=10,
        le=1_000_000,
        description="Changes held for one slow subscriber before it is told to resume.",
    )
    max_query_depth: int = Field(default=15, ge=1, le=100, description="Deepest nesting of fields in an operation.")
    max_query_cost: int = Field(
        default=10_000, ge=1, description="Highest cost of an operation, page sizes multiplied out."
    )
    max_aliases: int = Field(default=50, ge=0, le=10_000, description="Most aliases in an operation.")
    max_body_bytes: int = Field(
        default=MIB, ge=1024, le=1024 * MIB, description="Largest request body, uploads excepted."
    )
    max_upload_bytes: int = Field(
        default=256 * MIB, ge=1024, le=64 * 1024 * MIB, description="Largest file that is taken in."
    )
    max_upload_files: int = Field(default=10, ge=1, le=1000, description="Most files in one request.")
    max_upload_request_bytes: int = Field(
        default=512 * MIB, ge=1024, le=64 * 1024 * MIB, description="Largest request with files."
    )
    rate_limit_per_second: float = Field(
        default=50, gt=0, description="Requests a principal may make per second, averaged over time."
    )
    rate_limit_burst: int = Field(default=200, ge=1, description="Requests a principal may make at once.")
    digital_link_resolver: str = Field(
        default="https://id.gs1.org",
        pattern=r"https?://[^\s?#]+",
        description="Where the GS1 Digital Links of variants lead.",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Origins of web pages that may call the API, separated by commas; `*` for any."
    )

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _separated(cls, given: object) -> object:
        return tuple(part.strip() for part in given.split(",") if part.strip()) if isinstance(given, str) else given

    @field_validator("log_level", mode="before")
    @classmethod
    def _capitals(cls, given: object) -> object:
        return given.upper() if isinstance(given, str) else given

    @field_validator("files_url")
    @classmethod
    def _bucket(cls, given: str | None) -> str | None:
        if given is not None and not BUCKET.fullmatch(given):
            raise ValueError("should look like s3://bucket or s3://bucket/folder")
        return given

    @field_validator("database_url")
    @classmethod
    def _for_asyncpg(cls, given: SecretStr | None) -> SecretStr | None:
        return None if given is None else SecretStr(_asyncpg_url(given.get_secret_value()))


def load(**given: Any) -> Settings:
    """The settings of the environment, ``given`` first; a bad one is named, and its value shown unless it is secret."""
    try:
        return Settings(**given)
    except ValidationError as invalid:
        problems = [_problem(str(error["loc"][0]), error["msg"], error["input"]) for error in invalid.errors()]
        raise OperatorError("; ".join(problems)) from None


def _problem(field: str, message: str, value: object) -> str:
    reason = message.removeprefix("Value error, ").removeprefix("Input ")
    shown = "" if field in SECRETS else f"={value}"
    return f"{field.upper()}{shown}: {reason}"


def _asyncpg_url(address: str) -> str:
    """The address as SQLAlchemy's asyncpg dialect wants it, from any of the forms hosts hand out."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ValueError("should look like postgresql://user:password@host:5432/name") from None
    if url.drivername not in {"postgres", "postgresql", "postgresql+asyncpg"}:
        raise ValueError("should begin with postgresql://")
    if not url.database:
        raise ValueError("should name a database after the last slash")
    if "sslmode" in url.query:  # libpq's name for what asyncpg calls ssl
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": url.query["sslmode"]})
    return url.set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)
