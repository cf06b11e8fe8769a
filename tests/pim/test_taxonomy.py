"""Google's product taxonomy comes in as categories, language by language."""

from pim.categories import queries as category_queries
from tests.pim.intake import Intake

TAXONOMY = "# Google_Product_Taxonomy_Version: 2019-07-10\n1 - Animals\n3 - Animals > Birds & Co\n2 - Plants\n"


async def test_a_taxonomy_makes_categories_with_names_by_locale(intake: Intake) -> None:
    dry = await intake.bring("CATEGORIES", TAXONOMY, name="taxonomy.en-US.txt", dry_run=True)
    assert (dry.counts, await intake.count("category WHERE code IN ('1', '2', '3')")) == ((3, 0, 0), 0)
    made = await intake.bring("CATEGORIES", TAXONOMY, name="taxonomy.en-US.txt")
    assert (made.counts, made.problems) == ((3, 0, 0), [])
    german = "1 - Tiere\n3 - Tiere > Vögel\n7 - Tiere > Fische\n8 - Steine > Kiesel\nnichts\n3 - Pflanzen\n"
    told = await intake.bring("CATEGORIES", german, options={"locale": "de-DE"})
    assert told.counts == (1, 2, 3)
    assert [line for line, _, _ in told.problems] == [4, 5, 6]
    async with intake.db.read() as conn:
        found = await category_queries.categories_by_code(conn, ["3", "7"])
    assert found["3"].labels == {"en-US": "Birds & Co", "de-DE": "Vögel"}
    assert (found["7"].path, found["7"].slug) == ("1.7", "7")
    unnamed = await intake.bring("CATEGORIES", TAXONOMY)
    assert "locale: must be given" in (unnamed.task.problem or "")
