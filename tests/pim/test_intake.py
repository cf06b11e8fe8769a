"""Products come in from tables: good rows go in, and what is wrong with others is told by line and column."""

from sqlalchemy import text

from tests.pim.intake import SHIRTS, Intake, shirts, table


async def test_rows_of_one_product_make_it_with_its_variants_wherever_they_stand(intake: Intake) -> None:
    header = [*SHIRTS, "weight-unit", "categories", "tags", "organic", "made", "cost-EUR", "note-de_DE-web", "gtin"]
    rows = [
        [
            "s",
            "s-1",
            "shirt",
            "Shirt",
            "red",
            "0.2",
            "kilogram",
            "clothes",
            "new,old",
            "1",
            "2026-01-02",
            "9.5",
            "Hä",
            "",
        ],
        ["t", "t-1", "shirt", "Other", "red", "", "", "", "", "", "", "", "", ""],
        ["s", "s-2", "shirt", "", "blue", "180", "", "", "", "", "", "", "", "4006381333931"],
    ]
    told = await intake.products(table(header, *rows))
    assert (told.counts, told.problems) == ((3, 0, 0), [])
    found, variants = await intake.product("s")
    assert found.content["name"]["*"]["en"] == "Shirt"
    assert found.content["note"]["web"]["de-DE"] == "Hä"
    assert found.content["tags"]["*"]["*"] == ["new", "old"]
    assert found.content["organic"]["*"]["*"] is True
    assert found.content["cost"]["*"]["*"] == {"amount": "9.50", "currency": "EUR"}
    assert variants["s-1"].content["weight"]["*"]["*"]["base"] == "200"
    assert variants["s-2"].content["weight"]["*"]["*"]["unit"] == "gram"
    assert variants["s-2"].gtin == "4006381333931"


async def test_the_same_file_again_changes_nothing(intake: Intake) -> None:
    file = table(SHIRTS, *shirts(20))
    assert (await intake.products(file)).counts == (40, 0, 0)
    facts = [await intake.count(one) for one in ("product_revision", "outbox", "change")]
    again = await intake.products(file)
    assert (again.counts, again.task.done, again.task.total) == ((0, 0, 0), 40, 40)
    assert [await intake.count(one) for one in ("product_revision", "outbox", "change")] == facts


async def test_a_dry_run_tells_the_same_and_changes_nothing(intake: Intake) -> None:
    await intake.products(table(SHIRTS, *shirts(2)))
    rows = [*shirts(4, first=1), ["x", "x-1", "shirt", "X", "pink", ""]]
    file = table(SHIRTS, *rows).replace("Shirt 1", "Shirt one")
    facts = [await intake.count(one) for one in ("product", "variant", "outbox")]
    dry = await intake.products(file, dry_run=True)
    assert [await intake.count(one) for one in ("product", "variant", "outbox")] == facts
    real = await intake.products(file)
    assert dry.counts == real.counts == (6, 2, 1)
    assert dry.problems == real.problems == [(10, "color", "INVALID")]


async def test_good_variants_go_in_beside_a_bad_one_of_their_product(intake: Intake) -> None:
    rows = [["s", "s-1", "shirt", "S", "red", "1"], ["s", "s-2", "shirt", "S", "green", "1"]]
    told = await intake.products(table(SHIRTS, *rows))
    assert (told.counts, told.problems) == ((1, 0, 1), [(3, "color", "INVALID")])
    assert "'green' is none of its options" in told.messages[0]
    assert list((await intake.product("s"))[1]) == ["s-1"]


async def test_every_bad_row_is_told_by_line_and_column(intake: Intake) -> None:
    header = [*SHIRTS, "organic", "made", "cost-EUR", "gtin", "shoe"]
    good = ["a", "a-1", "shirt", "A", "red", "1", "true", "2026-01-01", "1.00", "", ""]
    rows = [
        good,
        ["b", "", "shirt", "B", "red", "1", "", "", "", "", ""],
        ["c", "a-1", "shirt", "C", "red", "1", "", "", "", "", ""],
        ["d", "d-1", "sock", "D", "red", "1", "", "", "", "", ""],
        ["e", "e-1", "shirt", "E", "red", "heavy", "", "", "", "", ""],
        ["f", "f-1", "shirt", "F", "red", "1", "maybe", "", "", "", ""],
        ["g", "g-1", "shirt", "G", "red", "1", "", "31.12.2026", "", "", ""],
        ["h", "h-1", "shirt", "H", "red", "1", "", "", "much", "", ""],
        ["i", "i-1", "shirt", "I", "red", "1", "", "", "", "4006381333932", ""],
        ["a", "a-2", "shirt", "Another", "blue", "1", "", "", "", "", ""],
        ["j", "j-1", "shirt"],
        [*good, "more"],
        ["k", "k-1", "shirt", "K", "red", "1", "", "", "", "4006381333931", ""],
        ["l", "l-1", "shirt", "L", "red", "1", "", "", "", "04006381333931", ""],
    ]
    told = await intake.products(table(header, *rows))
    assert told.problems == [
        (1, "shoe", "UNKNOWN_COLUMN"),
        (3, "sku", "INVALID"),
        (4, "sku", "DUPLICATE"),
        (5, "family", "INVALID"),
        (6, "weight", "INVALID"),
        (7, "organic", "INVALID"),
        (8, "made", "INVALID"),
        (9, "cost-EUR", "INVALID"),
        (10, "gtin", "INVALID"),
        (11, "name-en", "CONTRADICTION"),
        (12, None, "RAGGED"),
        (13, None, "RAGGED"),
        (15, "gtin", "DUPLICATE"),
    ]
    assert told.counts == (2, 0, 12)
    assert told.task.done == told.task.total == 14


async def test_links_are_made_once_all_products_are_there(intake: Intake) -> None:
    header = ["code", "sku", "CROSS_SELL", "BUNDLE"]
    rows = [["a", "a", "b,c", ""], ["b", "b", "a,nowhere", ""], ["c", "c", "", "a:2,b:1"]]
    told = await intake.products(table(header, *rows))
    assert (told.counts, told.problems) == ((3, 0, 0), [(3, "CROSS_SELL", "NOT_FOUND")])
    async with intake.db.read() as conn:
        found = await conn.execute(text("SELECT count(*) FROM product_association"))
        assert found.scalar_one() == 3
    again = await intake.products(table(header, *rows))
    assert again.counts == (0, 0, 0)
