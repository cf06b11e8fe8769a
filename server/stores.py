"""Where the hub keeps its files."""

import os
from urllib.parse import urlsplit

from pydantic import SecretStr

from kernel.files import Files
from server.settings import BUCKET, Settings


def files(settings: Settings) -> Files:
    """The bucket that is set, or the folder ``media`` below ``DATA_DIR``."""
    spool = settings.data_dir / "uploads"
    bucket = BUCKET.fullmatch(settings.files_url or "")
    if bucket is None:
        return Files.in_folder(settings.data_dir / "media", spool=spool)
    return Files.in_bucket(
        bucket[1],
        prefix=bucket[2],
        endpoint=settings.files_endpoint,
        region=settings.files_region,
        key_id=_told(settings.files_access_key_id),
        secret=_told(settings.files_secret_access_key),
        spool=spool,
    )


def origin(settings: Settings) -> str | None:
    """Where browsers send large files to, ``https://host``; None where it is the hub itself."""
    if settings.files_url is None:
        return None
    if settings.files_endpoint is not None:
        there = urlsplit(settings.files_endpoint)
        return f"{there.scheme}://{there.netloc}"
    known = (settings.files_region, os.environ.get("AWS_REGION"), os.environ.get("AWS_DEFAULT_REGION"))
    return f"https://s3.{next(filter(None, known), 'us-east-1')}.amazonaws.com"


def _told(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
