"""How merchandisers change products: up to 500 at once, tried before or done, and taken back."""

from dataclasses import dataclass, replace
from typing import Any

import strawberry

from kernel.db import WriteConn
from kernel.errors import InvalidInput
from kernel.principals import Principal
from pim.catalog import operations as catalog
from pim.products import giving, model, operations, queries, revisions

from .access import Permission
from .drafts import ProductProblem
from .enums import AssociationKind
from .errors import Error
from .fields import loads, mirrors, mutation
from .labels import LabelInput
from .products import Product
from .revisions import RevisionChange
from .scalars import JSON

WRITE = Permission.CATALOG_WRITE
MANY = 100  # products that are told of behind what people do one by one


@strawberry.input
class LineInput:
    sku: str
    quantity: int


@strawberry.input
class ValueInput:
    attribute: str
    channel: str | None = None
    locale: str | None = None
    value: JSON | None = strawberry.field(
        default=None,
        description="As the attribute's type says; a measurement is {amount, unit}, money {amount, currency}. "
        "Null clears.",
    )


@strawberry.input
class VariantInput:
    sku: str
    gtin: str | None = strawberry.field(default=None, description="GTIN-8, -12, -13, -14 or UPC-E; empty clears.")
    values: list[ValueInput] | None = None


@strawberry.input(description="In place of what the product has of this kind; an empty list clears.")
class AssociationInput:
    kind: AssociationKind
    products: list[str] | None = strawberry.field(default=None, description="Codes, in their order.")
    components: list[LineInput] | None = strawberry.field(default=None, description="What a BUNDLE consists of.")


@strawberry.input(
    description="What is to be true of a product. What is null stays as it is; values, variants, slugs and kinds of "
    "association that are not named stay too. An empty family clears it, as empty lists do what they stand for."
)
class ProductInput:
    code: str
    family: str | None = None
    categories: list[str] | None = None
    values: list[ValueInput] | None = None
    variants: list[VariantInput] | None = None
    slugs: list[LabelInput] | None = strawberry.field(
        default=None, description="Its address in a locale; one not given is made from the label. Empty clears."
    )
    media: list[strawberry.ID] | None = strawberry.field(default=None, description="Its files, in their order.")
    associations: list[AssociationInput] | None = None
    base_revision: int | None = strawberry.field(
        default=None,
        description="The revision that this was made from. What others have changed since is then not overwritten: the "
        "product is refused with every path that both changed, and goes in where they changed different things.",
    )


@strawberry.input
class UpsertProductsInput:
    idempotency_key: str
    products: list[ProductInput]
    dry_run: bool | None = strawberry.field(
        default=False, description="Answer what would happen, with every change, and change nothing."
    )


@strawberry.interface
class UpsertProductResult:
    code: str


def _kept(root: model.Upserted) -> Any:
    return None if root.changes is not None and root.created else root.product_id


def _told(root: model.Upserted) -> Any:
    return () if not root.changed else root.changes


@strawberry.type
@mirrors(model.Upserted)
class UpsertedProduct(UpsertProductResult):
    product = loads(
        Product | None,
        queries.products_by_id,
        by=_kept,
        description="Null only where a dry run would create it. After a dry run, what is there is as it was.",
    )
    created: bool
    changed: bool
    revision: int
    changes = loads(list[RevisionChange], revisions.changes_by_version, by="version", otherwise=(), known=_told)


@strawberry.type(description="Nothing of this product went in.")
@mirrors(model.Refused)
class RefusedProduct(UpsertProductResult):
    problems: list[ProductProblem]


@dataclass(frozen=True, slots=True)
class Answer:
    results: list[model.Upserted | model.Refused]


@strawberry.type
@mirrors(Answer)
class ProductsUpserted:
    results: list[UpsertProductResult]


@mutation(
    ProductsUpserted,
    needs=WRITE,
    description="Up to 500 products with their variants at once; each is answered on its own, and the good ones go in.",
)
async def upsert_products(conn: WriteConn, caller: Principal, input: UpsertProductsInput) -> Answer:
    if len(input.products) > operations.MOST:
        raise InvalidInput("products", f"must be at most {operations.MOST} at once")
    given = [product_input(one) for one in input.products]
    good = [one for one in given if isinstance(one, model.ProductInput)]
    if input.dry_run:
        saved = await catalog.preview_products(conn, good, actor=caller.name)
    else:
        saved = await catalog.save_products(conn, good, actor=caller.name, bulk=len(good) > MANY)
    results = iter(saved.results)
    answered = [one if isinstance(one, model.Refused) else next(results) for one in given]
    return Answer([_named(result, one) for result, one in zip(answered, input.products, strict=True)])


def product_input(given: ProductInput) -> model.ProductInput | model.Refused:
    """What the domain takes, or why it cannot."""
    problems: list[model.Problem] = []
    links, components = giving.links(map(_link, given.associations or ()), problems)
    media = None if given.media is None else giving.media(given.media, problems)
    slugs = giving.slugs([(one.locale, one.text) for one in given.slugs or ()], problems)
    if problems:
        return model.Refused(given.code, tuple(problems))
    return model.ProductInput(
        given.code,
        given.family,
        None if given.categories is None else tuple(given.categories),
        _values(given.values),
        tuple(model.VariantInput(one.sku, one.gtin, _values(one.values)) for one in given.variants or ()),
        links or None,
        slugs or None,
        media,
        components,
        given.base_revision,
    )


def _values(given: list[ValueInput] | None) -> tuple[model.ValueInput, ...]:
    return tuple(model.ValueInput(one.attribute, one.value, one.channel, one.locale) for one in given or ())


def _link(given: AssociationInput) -> giving.Link:
    components = given.components
    parts = None if components is None else tuple((one.sku, one.quantity) for one in components)
    return given.kind.value, given.products, parts


def _named(result: model.Upserted | model.Refused, given: ProductInput) -> model.Upserted | model.Refused:
    """The result with its problems where this input has them: lists here are keyed below."""
    if isinstance(result, model.Upserted):
        return result
    places = {f"slugs.{one.locale}": f"slugs.{place}.text" for place, one in enumerate(given.slugs or ())}
    for place, one in enumerate(given.associations or ()):
        below = "components" if one.kind is AssociationKind.BUNDLE else "products"
        places[f"associations.{one.kind.value}"] = f"associations.{place}.{below}"
    return replace(result, problems=tuple(replace(one, path=_path(one.path, places)) for one in result.problems))


def _path(path: str, places: dict[str, str]) -> str:
    key = next((key for key in places if path == key or path.startswith(f"{key}.")), None)
    return path if key is None else places[key] + path[len(key) :]


@strawberry.input
class RestoreRevisionInput:
    idempotency_key: str
    product: str
    revision: int


@strawberry.type
class NotRestorable(Error):
    code: str
    revision: int
    problems: list[ProductProblem]


@mutation(
    Product,
    NotRestorable,
    needs=WRITE,
    description="Make a product what it was, which is a revision of its own. Variants that came since stay.",
)
async def restore_revision(conn: WriteConn, caller: Principal, input: RestoreRevisionInput) -> model.Product:
    done = await catalog.restore_revision(conn, product=input.product, revision=input.revision, actor=caller.name)
    return (await queries.products_by_id(conn, [done.product_id]))[done.product_id]


@strawberry.input
class SaveAssociationKindInput:
    idempotency_key: str
    kind: AssociationKind
    two_way: bool


@strawberry.type
@mirrors(model.KindOfAssociation)
class AssociationKindSaved:
    kind: AssociationKind
    two_way: bool


@mutation(
    AssociationKindSaved,
    needs=WRITE,
    description="Say whether associations of a kind go both ways from now on: what is linked is then linked back.",
)
async def save_association_kind(
    conn: WriteConn, _caller: Principal, input: SaveAssociationKindInput
) -> model.KindOfAssociation:
    return await operations.save_kind(conn, kind=input.kind.value, two_way=input.two_way)
