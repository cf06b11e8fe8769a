import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import any_, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from kernel.db import WriteConn, fetch_one, texts, uuids
from kernel.errors import InvalidInput, NotFound

from . import names, queries
from .addresses import SUFFIXES
from .model import Media, MediaDeleted, MediaInUse, UploadTarget
from .queries import media_by_id
from .store import MIB, Kept, Store
from .tables import media, media_doubt, product_media, upload_target

UPLOADED = timedelta(days=1)  # between a file's being stored and its becoming media
DELETED = timedelta(minutes=10)  # for which a file outlives its media, for who is reading it
OPEN = timedelta(minutes=30)  # for a file to be sent to its upload target
MOST_SWEPT = 100


async def doubt(conn: WriteConn, digest: str, *, keep: timedelta = UPLOADED) -> None:
    """Let a file be in the store for so long without being anybody's. Said before it is put there.

    It waits for a sweep that is removing this very file, so that what is put afterwards stays.
    """
    row = insert(media_doubt).values(digest=digest, until=func.now() + keep)
    later = {"until": func.greatest(media_doubt.c.until, row.excluded.until)}
    await conn.execute(row.on_conflict_do_update(index_elements=["digest"], set_=later))


async def add(conn: WriteConn, kept: Kept, *, alt: Mapping[str, str]) -> Media:
    """Make a stored file known; the same content again is the same media, its alt texts merged."""
    row = {
        "digest": kept.digest,
        "type": kept.type,
        "kind": kept.kind,
        "name": kept.name,
        "bytes": kept.bytes,
        "width": kept.width,
        "height": kept.height,
        "alt": dict(alt),
    }
    new = insert(media).values(row)
    saved = new.on_conflict_do_update(
        index_elements=["digest"], set_={"alt": func.jsonb_concat(media.c.alt, new.excluded.alt)}
    )
    media_id = (await conn.execute(saved.returning(media.c.id))).scalar_one()
    await conn.execute(delete(media_doubt).where(media_doubt.c.digest == kept.digest))
    return (await media_by_id(conn, [media_id]))[media_id]


async def save(conn: WriteConn, media_id: uuid.UUID, *, alt: Mapping[str, str]) -> Media:
    """Say what a file shows, in every locale anew. Raises NotFound."""
    changed = update(media).where(media.c.id == media_id).values(alt=dict(alt))
    if not (await conn.execute(changed)).rowcount:
        raise NotFound("media", str(media_id))
    return (await media_by_id(conn, [media_id]))[media_id]


async def hold(conn: WriteConn, ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these media that there are, none of which is forgotten before the transaction ends."""
    there = select(media.c.id).where(media.c.id == any_(uuids(ids))).order_by(media.c.id)
    return set((await conn.execute(there.with_for_update(read=True, key_share=True))).scalars())


async def attach(conn: WriteConn, pictures: Mapping[uuid.UUID, Sequence[uuid.UUID]]) -> None:
    """Give each product these media, in this order, in place of those it had; what showed one variant still does."""
    rows = [
        (product_id, media_id, place)
        for product_id, found in pictures.items()
        for place, media_id in enumerate(dict.fromkeys(found))
    ]
    products, files, places = ([row[column] for row in rows] for column in range(3))
    given = {"products": products, "files": files}
    await conn.execute(_DETACH, given | {"all": list(pictures)})
    await conn.execute(_ATTACH, given | {"places": places})


async def show_on(
    conn: WriteConn, media_id: uuid.UUID, *, product_id: uuid.UUID, variant_id: uuid.UUID | None = None
) -> None:
    """Show a file on a product, behind the others where it was not shown; or on one variant of it alone."""
    mine = product_media.c.product_id == product_id
    last = select(func.coalesce(func.max(product_media.c.position) + 1, 0)).where(mine).scalar_subquery()
    row = {"product_id": product_id, "media_id": media_id, "variant_id": variant_id, "position": last}
    new = insert(product_media).values(row)
    keys = ["product_id", "media_id"]
    there = new.on_conflict_do_update(index_elements=keys, set_={"variant_id": variant_id})
    await conn.execute(there if variant_id else new.on_conflict_do_nothing())


async def delete_unused(conn: WriteConn, media_id: uuid.UUID) -> MediaDeleted:
    """Forget a file that nothing shows; its bytes go soon after. Raises NotFound and MediaInUse."""
    locked = select(media.c.digest).where(media.c.id == media_id).with_for_update()  # nothing begins to show it now
    digest = (await conn.execute(locked)).scalar_one_or_none()
    if digest is None:
        raise NotFound("media", str(media_id))
    if uses := (await queries.uses_by_media(conn, [media_id]))[media_id]:
        raise MediaInUse(uses)
    await conn.execute(delete(media).where(media.c.id == media_id))
    await doubt(conn, digest, keep=DELETED)
    return MediaDeleted(media_id)


async def expect(
    conn: WriteConn, principal_id: uuid.UUID, *, name: str, bytes: int, type: str | None, most: int
) -> UploadTarget:
    """A place to send one file to, of so many bytes, ``most`` at most, and of that type. Raises InvalidInput."""
    if type is not None and type not in SUFFIXES:
        raise InvalidInput("type", f"must be one of {', '.join(SUFFIXES)}")
    if not 0 < bytes <= most:
        raise InvalidInput("bytes", f"must be between 1 and {most}, which is {most / MIB:g} MiB")
    row = {"principal_id": principal_id, "name": names.checked(name, path="name"), "bytes": bytes, "type": type}
    new = insert(upload_target).values(row | {"expires_at": func.now() + OPEN})
    c = upload_target.c
    made = await fetch_one(conn, new.returning(c.id, c.bytes, c.expires_at), UploadTarget)
    if made is None:
        raise AssertionError
    return made


async def take(conn: WriteConn, target_id: uuid.UUID) -> None:
    """Close an upload target whose file becomes media. Raises InvalidInput where another call took it in."""
    c = upload_target.c
    mine = update(upload_target).where(c.id == target_id, c.taken_at.is_(None)).values(taken_at=func.now())
    if not (await conn.execute(mine)).rowcount:
        raise InvalidInput("upload", "was taken in before")


async def sweep(conn: WriteConn, store: Store) -> int:
    """Remove files that are nobody's, and what was sent to upload targets that are closed; returns how many.

    The rows stay locked while the store works, which is what keeps an upload of the same content waiting.
    """
    digests = list((await conn.execute(_DUE, {"most": MOST_SWEPT})).scalars())
    known = await queries.known_digests(conn, digests)
    for digest in digests:
        if digest not in known:
            await store.delete(digest)
    await conn.execute(delete(media_doubt).where(media_doubt.c.digest == any_(texts(digests))))
    targets = list((await conn.execute(_CLOSED, {"most": MOST_SWEPT})).scalars())
    await store.files.delete([sent(one) for one in targets])
    await conn.execute(delete(upload_target).where(upload_target.c.id == any_(uuids(targets))))
    return len(digests) + len(targets)


def sent(target_id: uuid.UUID) -> str:
    """The key of what was sent to an upload target."""
    return f"uploads/{target_id}"


_GIVEN = "unnest(CAST(:products AS uuid[]), CAST(:files AS uuid[])"
_DETACH = text(f"""
    DELETE FROM product_media m WHERE m.product_id = ANY(CAST(:all AS uuid[])) AND NOT EXISTS (
        SELECT FROM {_GIVEN}) AS g (product_id, media_id) WHERE (g.product_id, g.media_id) = (m.product_id, m.media_id)
    )
""")
_ATTACH = text(f"""
    INSERT INTO product_media (product_id, media_id, position)
    SELECT * FROM {_GIVEN}, CAST(:places AS int[]))
    ON CONFLICT (product_id, media_id) DO UPDATE SET position = excluded.position
""")
_DUE = text("""
    SELECT digest FROM media_doubt WHERE until < now() ORDER BY until LIMIT :most FOR UPDATE SKIP LOCKED
""")
_CLOSED = text("""
    SELECT id FROM upload_target WHERE expires_at < now() - interval '1 hour' ORDER BY expires_at LIMIT :most
    FOR UPDATE SKIP LOCKED
""")
