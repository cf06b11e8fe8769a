"""Where the hub keeps its files."""

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


def _told(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
