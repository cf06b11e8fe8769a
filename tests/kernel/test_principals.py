from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from kernel import principals
from kernel.db import WriteConn
from kernel.errors import NotFound
from kernel.principals import app_token

NOW = datetime.now(UTC)


async def test_a_token_says_who_asks_what_for_and_where(conn: WriteConn) -> None:
    secret = await principals.issue(conn, name="Till", permissions={"b", "a"}, channels=["pos"], locations=[])
    found = await principals.principal_by_secret(conn, secret)
    assert found
    assert (found.name, found.permissions) == ("Till", frozenset({"a", "b"}))
    assert (found.sells_on("pos"), found.sells_on("web"), found.works_at("berlin")) == (True, False, False)
    assert (found.may("a"), found.may("c")) == (True, False)


async def test_a_token_without_a_scope_is_for_everywhere(conn: WriteConn) -> None:
    found = await principals.principal_by_secret(conn, await principals.issue(conn, name="All", permissions=[]))
    assert found
    assert found.sells_on("any")
    assert found.works_at("any")


async def test_nothing_stored_is_the_secret(conn: WriteConn) -> None:
    secret = await principals.issue(conn, name="Ada", permissions=[])
    [row] = (await conn.execute(select(app_token).where(app_token.c.name == "Ada"))).mappings()
    stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    assert secret.encode() not in stored
    assert secret.removeprefix(principals.PREFIX).encode() not in stored
    assert await principals.principal_by_secret(conn, stored.hex()) is None


async def test_two_tokens_are_never_the_same(conn: WriteConn) -> None:
    assert len({await principals.issue(conn, name="Ada", permissions=[]) for _ in range(10)}) == 10


async def test_an_expired_token_is_nobodys(conn: WriteConn) -> None:
    async def issued(days: int) -> bool:
        at = NOW + timedelta(days=days)
        secret = await principals.issue(conn, name=f"{days}", permissions=[], expires_at=at)
        return await principals.principal_by_secret(conn, secret) is not None

    assert (await issued(-1), await issued(1)) == (False, True)
    assert [one.name for one in await principals.all_tokens(conn)] == ["1"]


async def test_a_revoked_token_is_nobodys_and_is_revoked_once(conn: WriteConn) -> None:
    secret = await principals.issue(conn, name="Ada", permissions=[])
    found = await principals.principal_by_secret(conn, secret)
    assert found
    await principals.revoke(conn, id=found.id)
    assert await principals.principal_by_secret(conn, secret) is None
    with pytest.raises(NotFound):
        await principals.revoke(conn, id=found.id)


@pytest.mark.parametrize("secret", ["", "ent_", "ä", "\0"])
async def test_an_unknown_secret_is_nobodys(conn: WriteConn, secret: str) -> None:
    assert await principals.principal_by_secret(conn, secret) is None
