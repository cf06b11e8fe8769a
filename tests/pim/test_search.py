"""Searching the listings of a shop: what is found, in which order, and how mistakes are understood."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.db import WriteConn
from kernel.paging import Window
from pim.attributes import operations as attributes
from pim.attributes.model import Option
from pim.catalog import operations as catalog
from pim.channels.model import Channel
from pim.listings import counting, filters, queries
from pim.listings import operations as listings
from pim.listings.model import ListingFilter, ListingQuery, Shop
from pim.products.model import ProductInput, ValueInput, VariantInput
from tests import make

LOCALES = ["en", "de", "ru", "fr", "sv", "hu", "zh", "th", "ar", "tr", "xx"]


async def a_shop(conn: WriteConn) -> Channel:
    """A channel of many languages whose products have a name, a brand, a note and a description."""
    await make.a_category(conn, code="root")
    await make.a_category(conn, code="sleeping", parent="root", labels={"en": "Sleeping bags", "de": "Schlafsäcke"})
    texts = {"localizable": True, "searchable": True}
    await make.an_attribute(conn, code="name", **texts)
    await make.an_attribute(conn, code="note", **texts)
    await make.an_attribute(conn, code="description", type="LONG_TEXT", **texts)
    await make.an_attribute(conn, code="secret")
    brands = [Option("on", {"en": "On"}), Option("north", {"en": "Northlight", "de": "Nordlicht"})]
    await attributes.define(conn, code="brand", type="SELECT", labels={}, options=brands, searchable=True)
    codes = ("name", "note", "description", "secret", "brand")
    await make.a_family(conn, *codes, code="thing", label_attribute="name")
    return await make.a_channel(
        conn, code="shop", locales=[one for one in LOCALES if one != "xx"], category_tree="root"
    )


@pytest.fixture
async def channel(conn: WriteConn) -> Channel:
    return await a_shop(conn)


def thing(code: str, locale: str, name: str, categories: tuple[str, ...] = (), **said: Any) -> ProductInput:
    values = [ValueInput("name", name, None, locale)]
    for attribute, value in said.items():
        scoped = None if attribute in ("brand", "secret") else locale
        if attribute not in ("sku", "gtin"):
            values.append(ValueInput(attribute, value, None, scoped))
    variant = VariantInput(said.get("sku", f"sku-{code}"), said.get("gtin"))
    return ProductInput(code, "thing", categories, tuple(values), (variant,))


async def publish(conn: WriteConn, *products: ProductInput, **given: Any) -> None:
    saved = await catalog.save_products(conn, products, actor="Ada")
    assert not [one for one in saved.results if hasattr(one, "problems")]
    await listings.publish(conn, channel="shop", products=[one.code for one in products], **given)


async def search(conn: WriteConn, channel: Channel, locale: str, typed: str, **more: Any) -> list[str]:
    """The names of what is found, the best first; counted and paged alike."""
    asked = ListingQuery(Shop(channel, locale), ListingFilter(search=typed, **more), "RELEVANCE")
    query = await filters.resolve(conn, asked)
    page = await queries.page_of_listings(conn, query, Window(100))
    assert (await counting.counts(conn, [query]))[query] == len(page.items)
    return [one.name for one in page.items]


FOUND = [
    ("en", "Family tents for camping", "tent"),
    ("en", "Family tents for camping", "camp tents"),
    ("en", "Family tents for camping", "the tent for the family"),
    ("en", "Family tents for camping", "campin"),
    ("en", "Family tents for camping", "fam"),
    ("en", "Family tents for camping", "famly tents"),
    ("en", "Family tents for camping", "tnets"),
    ("en", "Family tents for camping", "TENTS"),
    ("en", "Waterproof jacket", "waterprof jakcet"),
    ("en", "Waterproof jacket", "waterproff"),
    ("en", "Men's T-shirt", "tshirt"),
    ("en", "Men's T-shirt", "t-shirt mens"),
    ("en", "Tshirt", "t-shirt"),
    ("en", "Naïve café chair", "naive cafe"),
    ("en", "Cafe chair", "café"),
    ("de", "Wasserdichte Tüte", "tute"),
    ("de", "Wasserdichte Tüte", "tüten"),
    ("de", "Kuppelzelt Fjord", "zelt"),
    ("de", "Kuppelzelt Fjord", "kuppelzelte"),
    ("de", "Kuppelzelt Fjord", "kuppel zelt"),
    ("de", "Kuppelzelt Fjord", "kupelzelt"),
    ("de", "Kuppelzelt Fjord", "kuppelz"),
    ("de", "Größe Straße", "grosse strasse"),
    ("ru", "Большая палатка", "палатки"),
    ("ru", "Большая палатка", "ПАЛАТКУ большую"),
    ("ru", "Большая палатка", "полатка"),
    ("ru", "Ёлка новогодняя", "елка"),
    ("ru", "Елки новогодние", "ёлка"),
    ("ru", "Йогурт", "йогурты"),
    ("fr", "Tente légère d'été", "ete legere"),
    ("fr", "Tente légère d'été", "TENTES"),
    ("sv", "Vattentäta jackor", "jackorna"),
    ("sv", "Vinterjacka", "jacka"),
    ("hu", "Vízálló kabátok", "kabátot"),
    ("zh", "四人防水帐篷", "帐篷"),
    ("zh", "四人防水帐篷", "防水"),
    ("zh", "四人防水帐篷", "篷"),
    ("th", "เต็นท์กันน้ำสี่คน", "กันน้ำ"),
    ("ar", "خيمة عائلية كبيرة", "خَيْمَة"),
    ("tr", "IŞIKLI ÇADIR", "ışıklı çadır"),
    ("tr", "IŞIKLI ÇADIR", "isikli"),
]
NOT_FOUND = [
    ("en", "Family tents for camping", "tenor"),
    ("en", "Family tents for camping", "tent jacket"),
    ("en", "Family tents for camping", "amp"),
    ("en", "Terrain bike", "rain"),
    ("de", "Zeltlampe", "lampenzelt"),
    ("de", "Familienzelt", "tents"),
    ("ru", "Иод", "йод"),
    ("zh", "四人防水帐篷", "帐水"),
    ("en", "Tent", "!!! ??? --- () & | \\ ' \" :*"),
]


@pytest.mark.parametrize(("locale", "name", "typed"), FOUND)
async def test_it_is_found(conn: WriteConn, channel: Channel, locale: str, name: str, typed: str) -> None:
    await publish(conn, thing("a", locale, name), thing("b", locale, "Zzz"))
    assert await search(conn, channel, locale, typed) == [name]


@pytest.mark.parametrize(("locale", "name", "typed"), NOT_FOUND)
async def test_it_is_not_found(conn: WriteConn, channel: Channel, locale: str, name: str, typed: str) -> None:
    await publish(conn, thing("a", locale, name))
    assert await search(conn, channel, locale, typed) == []


async def test_a_name_counts_more_than_a_brand_a_note_and_a_description(conn: WriteConn, channel: Channel) -> None:
    await publish(
        conn,
        thing("1", "en", "Chair", description="Goes with every northlight."),
        thing("2", "en", "Table", note="Northlight design"),
        thing("3", "en", "Lamp", brand="north"),
        thing("4", "en", "Northlight"),
        thing("5", "en", "Shelf", secret="Northlight"),
        position=1,
    )
    assert await search(conn, channel, "en", "northlight") == ["Northlight", "Lamp", "Table", "Chair"]
    assert await search(conn, channel, "de", "nordlicht") == ["Lamp"]


async def test_equal_matches_stand_in_the_order_of_the_shop(conn: WriteConn, channel: Channel) -> None:
    await publish(conn, *(thing(name, "en", f"Tent {name}") for name in "CAB"), position=1)
    assert await search(conn, channel, "en", "tent") == ["Tent C", "Tent A", "Tent B"]


async def test_words_as_typed_come_before_what_they_may_mean(conn: WriteConn, channel: Channel) -> None:
    await publish(
        conn, thing("1", "de", "Zeltlampe"), thing("2", "de", "Tunnelzelt"), thing("3", "de", "Zelt"), position=1
    )
    assert (await search(conn, channel, "de", "zelt"))[0] == "Zelt"


@pytest.mark.parametrize(
    "typed", ["NL-1010/G", "nl 1010 g", "nl1010g", "4006381333931", "04006381333931", " NL-1010/G "]
)
async def test_a_whole_sku_or_gtin_is_found_first(conn: WriteConn, channel: Channel, typed: str) -> None:
    await publish(
        conn,
        thing("1", "en", "NL 1010 G for NL1010G, NL-1010/G and 4006381333931 04006381333931"),
        thing("2", "en", "Lamp", sku="NL-1010/G", gtin="4006381333931"),
        position=1,
    )
    assert (await search(conn, channel, "en", typed))[0] == "Lamp"


async def test_a_sku_just_begun_is_found(conn: WriteConn, channel: Channel) -> None:
    await publish(conn, thing("1", "en", "Lamp", sku="NL-1010"), thing("2", "en", "Chair", sku="NL-2010"))
    assert await search(conn, channel, "en", "nl-10") == ["Lamp"]


async def test_a_brand_that_is_a_little_word_is_found(conn: WriteConn, channel: Channel) -> None:
    await publish(conn, thing("1", "en", "Shoe", brand="on"), thing("2", "en", "Boot"))
    assert await search(conn, channel, "en", "on") == ["Shoe"]


async def test_a_category_is_a_word_of_what_is_in_it(conn: WriteConn, channel: Channel) -> None:
    await publish(conn, thing("1", "en", "Cloud 500", ("sleeping",)))
    assert await search(conn, channel, "en", "sleeping bag") == ["Cloud 500"]
    assert await search(conn, channel, "de", "schlafsack") == ["Cloud 500"]


async def test_a_search_finds_only_what_its_channel_and_locale_show(conn: WriteConn, channel: Channel) -> None:
    other = await make.a_channel(conn, code="other", locales=["en", "de"])
    await publish(conn, thing("1", "de", "Laterne"), thing("2", "en", "Lantern"))
    await listings.publish(conn, channel="other", products=["1"])
    assert await search(conn, channel, "en", "lantern") == ["Lantern"]
    assert await search(conn, other, "en", "lantern") == []
    await listings.publish(conn, channel="shop", products=["2"], draft=True)
    assert await search(conn, channel, "en", "lantern") == []


async def test_words_that_are_no_longer_said_are_no_longer_found(conn: WriteConn, channel: Channel) -> None:
    await publish(conn, thing("1", "en", "Lantern"))
    await publish(conn, thing("1", "en", "Lattern"))
    assert await search(conn, channel, "en", "lattern") == ["Lattern"]
    assert await search(conn, channel, "en", "lantern") == ["Lattern"]  # nothing has the word: the nearest that is said


async def test_a_word_that_something_has_is_not_corrected(conn: WriteConn, channel: Channel) -> None:
    await publish(conn, thing("1", "en", "Boat"), thing("2", "en", "Boot"))
    assert await search(conn, channel, "en", "boat") == ["Boat"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=200), locale=st.sampled_from(LOCALES[:-1]))
async def test_whatever_is_typed_is_only_searched_for(
    conn: WriteConn, hostile: Channel, typed: str, locale: str
) -> None:
    assert isinstance(await search(conn, hostile, locale, typed), list)


@pytest.fixture
async def hostile(conn: WriteConn, channel: Channel) -> Channel:
    await publish(conn, thing("family", "en", "Family tents"))
    return channel


HOSTILE = ["\0", "a\0b", "' OR 1=1 --", "tent' & !x | (y <-> z):*", "\\", "\\'", "()", ":*", "!!", "a & ", "\u202etnet"]
HOSTILE += ["x" * 200, "é" * 200, "ab " * 66, "帐" * 200, "-" * 200, "a-" * 100, "\ud7ff\uffff", "=", "@shop@en", "=a"]


@pytest.mark.parametrize("typed", HOSTILE)
async def test_hostile_searches_find_nothing_and_break_nothing(conn: WriteConn, hostile: Channel, typed: str) -> None:
    found = await search(conn, hostile, "en", typed)
    assert found == ([] if "tent" not in typed else found)
