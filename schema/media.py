"""What products show: files taken in, looked through, described, found and removed."""

import uuid
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.files import Upload
from kernel.paging import Window
from kernel.principals import Principal
from pim.catalog import showing
from pim.media import model, operations, queries
from pim.media.store import Kept
from pim.products import queries as product_queries

from . import uploads
from .access import Permission
from .context import Context, Info
from .enums import MediaKind
from .errors import Error
from .fields import computed, field, loads, mirrors, mutation
from .labels import Label, LabelInput, texts
from .nodes import SOURCES, Node, Source, node_id, uuid_of
from .paging import Connection, Edge, PageInfo, connection
from .scalars import BigInt

if TYPE_CHECKING:
    from .products import Product

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE
SOME = 10  # products that show a file, where nobody says how many


@strawberry.type
class Image:
    url: str
    alt: str | None


def _thumbnail(root: strawberry.Parent[model.Media], size: int) -> model.Image | None:
    checked(size)
    return model.thumbnail(root, size) if root.kind == "IMAGE" else None


def checked(size: int) -> int:
    """The pixels asked for. Raises InvalidInput."""
    if not 1 <= size <= 4096:  # noqa: PLR2004
        raise InvalidInput("size", "must be between 1 and 4096 pixels")
    return size


def _texts(root: strawberry.Parent[model.Media]) -> list[Label]:
    return [Label(locale=locale, text=text) for locale, text in sorted(root.texts.items())]


def _page_of_products(
    root: model.Media, *, first: int | None = None, after: str | None = None
) -> tuple[uuid.UUID, Window]:
    return root.id, Window.of(SOME if first is None else first, after)


@strawberry.type(description="The products that show a file, by code.")
class ShowingConnection:
    edges: list[Edge[Annotated["Product", strawberry.lazy("schema.products")]]]
    page_info: PageInfo


@strawberry.type
@mirrors(model.Media)
class Media(Node):
    id = node_id("Media")
    url: str = strawberry.field(description="Where it is served, for good: what is there never changes.")
    alt: str | None
    kind: MediaKind
    type: str = strawberry.field(description="Its media type, told from its bytes.")
    width: int | None
    height: int | None
    thumbnail = computed(
        Image | None, _thumbnail, description="In the smallest kept size that is not below this many pixels."
    )
    texts = computed(list[Label], _texts, description="What it shows, in every locale.")
    name = loads(
        str, queries.media_by_id, by="id", pick=attrgetter("name"), needs=READ, description="As its sender called it."
    )
    bytes = loads(BigInt, queries.media_by_id, by="id", pick=attrgetter("bytes"), needs=READ)
    created_at = loads(datetime, queries.media_by_id, by="id", pick=attrgetter("created_at"), needs=READ)
    used_by = loads(
        int, queries.uses_by_media, by="id", otherwise=0, needs=READ, description="How many products show it."
    )
    products = loads(
        ShowingConnection,
        product_queries.products_by_media,
        by=_page_of_products,
        pick=connection,
        needs=READ,
    )


SOURCES["Media"] = Source(queries.media_by_id, Permission.SHOP_READ)


@strawberry.type
@mirrors(model.MediaDeleted)
class MediaDeleted:
    id = node_id("Media")


@strawberry.type
class MediaInUse(Error):
    products: int


@strawberry.type
class UploadHeader:
    name: str
    value: str


async def _url(root: strawberry.Parent[model.UploadTarget], info: Info) -> str:
    left = max(1, int((root.expires_at - datetime.now(UTC)).total_seconds()))
    if direct := await info.context.files.place_to_put(operations.sent(root.id), seconds=left):
        return direct
    async with info.context.db.read() as conn:
        known = await queries.expected(conn, root.id)
    return f"/uploads/{root.id}/{known.ticket if known else 'gone'}"


@strawberry.type(description="Where to send a file; then hand the id to the mutation that takes it in.")
@mirrors(model.UploadTarget)
class UploadTarget:
    id = node_id("UploadTarget")
    url = computed(str, _url, description="Of this hub where it begins with a slash. Whoever knows it may send.")
    method: str
    headers: list[UploadHeader] = strawberry.field(description="To be sent with the bytes.")
    expires_at: datetime


@strawberry.input
class RequestUploadInput:
    idempotency_key: str
    name: str
    bytes: int
    type: str | None = strawberry.field(default=None, description="The media type that the file must turn out to be.")


@strawberry.input(description="Either file or upload; with product or variant, shown there behind what is shown.")
class UploadMediaInput:
    idempotency_key: str
    file: Upload | None = None
    upload: strawberry.ID | None = strawberry.field(default=None, description="What requestUpload answered.")
    alt: list[LabelInput] | None = None
    product: str | None = None
    variant: str | None = strawberry.field(default=None, description="A sku: shown on this variant only.")


@strawberry.input
class SaveMediaInput:
    idempotency_key: str
    media: strawberry.ID
    alt: list[LabelInput] = strawberry.field(description="All of them: a locale that is not named has none.")


@strawberry.input
class DeleteMediaInput:
    idempotency_key: str
    media: strawberry.ID


@strawberry.input
class MediaFilter:
    search: str | None = strawberry.field(default=None, description="A part of a name or of a text.")
    kind: MediaKind | None = None
    unused: bool | None = None
    product: str | None = None


async def _take_in(context: Context, caller: Principal, input: UploadMediaInput) -> Kept:
    """Look at the file and store it; until it is media it is in doubt, and swept after a day."""
    if (input.file is None) is (input.upload is None):
        raise InvalidInput("file", "or upload must be given, and not both")
    if input.file is not None:
        return await _look_and_put(context, input.file)
    async with uploads.sent(context, caller, input.upload or strawberry.ID("")) as (upload, said):
        kept = await _look_and_put(context, upload)
        if said.type not in (None, kept.type):
            raise InvalidInput("upload", f"is {kept.type}, not {said.type} as was said")
        return kept


async def _look_and_put(context: Context, upload: Upload) -> Kept:
    kept = await context.media.look(upload)
    await context.db.transact(lambda conn: operations.doubt(conn, kept.digest))
    await context.media.put(upload, kept)
    return kept


@mutation(Media, needs=WRITE, before=_take_in, description="Take a file in; the same content again is the same media.")
async def upload_media(conn: WriteConn, caller: Principal, input: UploadMediaInput, kept: Kept) -> model.Media:
    alt = texts(input.alt or (), path="alt")
    if input.upload is not None:
        await uploads.take(conn, input.upload)
    one = await operations.add(conn, kept, alt=alt)
    if input.product is not None or input.variant is not None:
        await showing.show_media(conn, one.id, product=input.product, variant=input.variant, actor=caller.name)
    return one


async def _most(context: Context, _caller: Principal, _input: RequestUploadInput) -> int:
    return context.most_upload


@mutation(
    UploadTarget,
    needs=WRITE,
    before=_most,
    description="A place to send a file to by PUT, for what is too large for one request.",
)
async def request_upload(
    conn: WriteConn, caller: Principal, input: RequestUploadInput, most: int
) -> model.UploadTarget:
    return await operations.expect(conn, caller.id, name=input.name, bytes=input.bytes, type=input.type, most=most)


@mutation(Media, needs=WRITE, description="Say what a file shows, locale by locale.")
async def save_media(conn: WriteConn, _caller: Principal, input: SaveMediaInput) -> model.Media:
    return await operations.save(conn, uuid_of(input.media, "Media", path="media"), alt=texts(input.alt, path="alt"))


@mutation(MediaDeleted, MediaInUse, needs=WRITE, description="Remove a file that no product shows and no value is.")
async def delete_media(conn: WriteConn, _caller: Principal, input: DeleteMediaInput) -> model.MediaDeleted:
    return await showing.delete_media(conn, uuid_of(input.media, "Media", path="media"))


@field(Connection[Media], needs=READ, description="The media library, newest first.")
async def media(
    _caller: Principal,
    info: Info,
    window: Window,
    filter: MediaFilter | None = None,
) -> Any:
    given = filter or MediaFilter()
    wanted = model.MediaFilter(given.search, given.kind and given.kind.value, given.unused, given.product)
    async with info.context.db.read() as conn:
        return connection(await queries.page_of_media(conn, wanted, window))
