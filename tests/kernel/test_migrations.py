from server import migrating


async def test_the_migrations_make_exactly_the_tables_of_the_models(url: str) -> None:
    assert await migrating.drift(url) == []
