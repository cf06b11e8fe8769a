"""Files as values refer to them: by id, by global id or by the digest of their bytes."""

import mimetypes
import re
import uuid
from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import any_, or_, select

from kernel import ids
from kernel.db import ReadConn, texts, uuids
from kernel.errors import InvalidInput
from pim.attributes.model import File

from .addresses import SUFFIXES
from .model import Media
from .queries import media_by_id
from .tables import media

DIGEST = re.compile(r"[0-9a-f]{64}")


async def files_by_reference(conn: ReadConn, given: Collection[str]) -> dict[str, File]:
    """The file that each of these texts means; those that mean none are left out."""
    keys = {one: key for one in given if (key := key_of(one))}
    digests = [one for one in given if DIGEST.fullmatch(one)]
    if not keys and not digests:
        return {}
    m = media.c
    wanted = select(m.id, m.digest, m.type, m.bytes)
    wanted = wanted.where(or_(m.id == any_(uuids(set(keys.values()))), m.digest == any_(texts(digests))))
    rows = (await conn.execute(wanted)).all()
    files = {row.id: File(str(row.id), _extensions(row.type), row.bytes) for row in rows}
    by_digest = {row.digest: files[row.id] for row in rows}
    found = {one: files[key] for one, key in keys.items() if key in files}
    return found | {one: by_digest[one] for one in digests if one in by_digest}


def key_of(given: str) -> uuid.UUID | None:
    """The id that a text is, bare or global; None where it is none of a file."""
    if (key := ids.as_uuid(given)) is not None:
        return key
    try:
        kind, name = ids.decode(given)
    except InvalidInput:
        return None
    return ids.as_uuid(name) if kind == "Media" else None


def _extensions(type: str) -> frozenset[str]:
    """What the names of files of a type end in: jpg, jpeg."""
    guessed = frozenset(one.removeprefix(".") for one in mimetypes.guess_all_extensions(type, strict=False))
    return guessed | {SUFFIXES[type]} if type in SUFFIXES else guessed


async def media_in_locale(
    conn: ReadConn, keys: Collection[tuple[str, uuid.UUID]]
) -> dict[tuple[str, uuid.UUID], Media]:
    """Each file as it is shown in a locale."""
    known = await media_by_id(conn, {key for _, key in keys})
    return {(locale, key): replace(one, locale=locale) for locale, key in keys if (one := known.get(key))}
