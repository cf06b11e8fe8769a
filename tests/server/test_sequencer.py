"""Who numbers the changes, and that nothing is lost or told twice when it is somebody else."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from websockets import ConnectionClosed

from kernel import changes, principals
from kernel.db import Database
from kernel.feed import Feed
from kernel.outbox import emit
from oms.offers import operations as offers
from oms.offers.jobs import SETTLE
from oms.stock import operations as stock
from oms.stock import queries as stock_queries
from oms.stock.model import Adjusting, Setting
from pim.listings import operations as listings
from schema.access import ROLES
from server.sequencer import TICK, Sequencer
from server.supervising import keep_running
from tests import make
from tests.kernel.numbering import told
from tests.make import happened
from tests.server.hubs import Client, Hub, a_hub, soon

log = logging.getLogger(__name__)  # figures: pytest --log-cli-level=INFO

WEEK = timedelta(days=7)
HOLDERS = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A traceback with all its variables takes the loop a second to write."""
    with capture_logs():
        yield


@contextlib.asynccontextmanager
async def running(*sequencers: Sequencer) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(keep_running("sequencer", one.run)) for one in sequencers]
    try:
        await soon(lambda: any(one.leading for one in sequencers))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def tell(db: Database, key: object = "a", count: int = 0) -> None:
    async with db.write() as conn:
        await emit(conn, happened(key, count))


async def reached(db: Database, position: int) -> bool:
    async with db.read() as conn:
        return await changes.head(conn) >= position


async def test_one_leads_and_the_other_takes_over_within_two_seconds(url: str) -> None:
    nodes = [Database(url, readers=2, writers=3) for _ in range(2)]
    first, second = (Sequencer(db, retention=WEEK) for db in nodes)
    async with running(first, second):
        writing = asyncio.create_task(_write(nodes[0], 400))
        await soon(lambda: reached(nodes[0], 50))
        leader, other = (first, second) if first.leading else (second, first)
        assert not other.leading
        async with nodes[0].write() as conn:
            ended = (await conn.execute(text(f"SELECT pg_terminate_backend(pid) FROM ({HOLDERS}) l"))).scalars()
            assert list(ended) == [True]
        began = time.monotonic()
        await soon(lambda: other.leading)
        took = time.monotonic() - began
        log.info("the other leads after %.2f s", took)
        assert took < 2
        await soon(lambda: not leader.leading)
        await writing
        await soon(lambda: reached(nodes[0], 400))
        found = await told(nodes[1])
    assert [one.position for one in found] == list(range(1, 401))
    assert [one.payload["count"] for one in found] == list(range(400))
    for db in nodes:
        await db.close()


async def _write(db: Database, many: int) -> None:
    for n in range(many):
        await tell(db, "a", n)


async def test_a_leader_whose_batch_fails_gives_the_lock_back(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    number, failures = changes.number, iter([True, True])

    async def failing(*given: Any) -> int:
        if next(failures, False):
            await given[0].execute(text("SELECT 1 / 0"))
        return await number(*given)

    monkeypatch.setattr(changes, "number", failing)
    async with running(Sequencer(db, retention=WEEK)):
        await tell(db)
        await soon(lambda: reached(db, 1))


async def test_changes_are_numbered_while_requests_hold_every_connection(db: Database) -> None:
    async with running(Sequencer(db, retention=WEEK)), contextlib.AsyncExitStack() as requests:
        for _ in range(5):  # of the fixture's six
            await requests.enter_async_context(db.writer.connect())
        for _ in range(5):
            await requests.enter_async_context(db.reader.connect())
        await tell(db)
        await requests.enter_async_context(db.writer.connect())
        await soon(lambda: reached(db, 1), seconds=5)


async def test_changes_are_numbered_while_what_is_in_stock_waits_for_a_product(db: Database) -> None:
    async with db.write() as conn:
        shop, one = await make.a_channel(conn), await make.a_product(conn)
        await listings.publish(conn, channel=shop.code, products=[one.code])

    async def numbered() -> bool:
        async with db.read() as conn:
            return await changes.waiting(conn) == 0

    async def unsettled() -> bool:
        async with db.write() as conn:
            return await offers.is_unsettled(conn)

    async with db.write() as holding, running(Sequencer(db, retention=WEEK)):
        await holding.execute(text("SELECT FROM product FOR UPDATE"))
        await asyncio.sleep(TICK)
        await tell(db)
        await soon(numbered, seconds=3)
        queued = text("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'offers.settle'")
        assert (await holding.execute(queued)).scalar_one() == 1
    assert await unsettled()
    await SETTLE.work(db, {})
    assert not await unsettled()


async def test_a_load_of_a_hundred_thousand_does_not_hold_up_what_is_interactive(db: Database) -> None:
    async with running(Sequencer(db, retention=WEEK)), Feed(db, buffer=200_000).running() as feed:
        before = [await _delay(db, feed, n) for n in range(30)]
        async with db.write() as conn:
            await conn.execute(
                text("""
                    INSERT INTO outbox (bulk, topic, event, entity, payload)
                    SELECT true, 'PRODUCT', 'thing.happened', 'Bulk:' || g, '{}' FROM generate_series(1, 100000) g
                """)
            )
        during, began = list[float](), time.monotonic()
        while not await reached(db, 100_030 + len(during)):
            during.append(await _delay(db, feed, len(during)))
        took = time.monotonic() - began
    log.info("100,000 in bulk took %.1f s", took)
    for when, delays in (("without", before), ("during", during)):
        shown = len(delays), 1e3 * median(delays), 1e3 * max(delays)
        log.info("%s: %d interactive changes heard of after %.0f ms, at most %.0f", when, *shown)
    assert len(during) > 5
    assert max(during) < 1


async def _delay(db: Database, feed: Feed, n: int) -> float:
    """How long after its commit a change reaches somebody who follows."""
    follower = feed.follow(changes.Filter(topics=frozenset({"STOCK"})))
    heard = asyncio.ensure_future(anext(follower))
    await soon(lambda: feed.subscribers.others)
    await tell(db, n)
    began = time.monotonic()
    async with asyncio.timeout(20):
        await heard
    return time.monotonic() - began


LEVELS, WRITERS, EACH, AT_ONCE = 100, 8, 125, 10
CHANGES = "subscription Told($after: String) { changes(after: $after) { position topic event cursor payload } }"


async def test_ten_thousand_changes_outlive_the_process_that_numbers_them(url: str, tmp_path: Path) -> None:
    db = Database(url, readers=2, writers=WRITERS + 1)
    skus, secret = await _a_shop(db)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        a_hub(tmp_path / "a", "serve", DATABASE_URL=url) as one,
        a_hub(tmp_path / "b", "serve", DATABASE_URL=url) as two,
    ):
        async with httpx.AsyncClient(trust_env=False) as http:
            leader, other = await soon(lambda: _by_role(http, one, two))
            follower = Follower(Client(other.base, secret, http))
            following = asyncio.create_task(follower.follow())
            writing = asyncio.gather(*(_adjust(db, skus, seed) for seed in range(WRITERS)))
            await soon(lambda: len(follower.told) > 3_000)
            leader.process.kill()
            killed = time.monotonic()
            await writing
            async with asyncio.timeout(60):
                await following
            assert (await http.get(f"{other.base}/health")).json()["sequencing"]
            log.info(
                "all told %.1f s after the kill, %d times connected", time.monotonic() - killed, follower.connected
            )
    positions = [int(one["position"]) for one in follower.told]
    assert positions == list(range(positions[0], positions[0] + len(positions)))
    assert follower.connected >= 2
    stock_told = [one for one in follower.told if one["event"] == "stock.adjusted"]
    assert len(stock_told) == WRITERS * EACH * AT_ONCE
    last = {one["payload"]["skus"][0]: one["payload"]["level"]["onHand"] for one in stock_told}
    async with db.read() as conn:
        levels = await stock_queries.levels_by_sku(conn, skus, only=None)
        assert await stock_queries.off_the_ledger(conn) == []
    assert last == {one.sku: one.on_hand for one in levels if one.sku in last}
    await db.close()


class Follower:
    """Somebody who comes back with the cursor of the last change whenever the connection is lost, as it is once."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.told: list[Any] = []
        self.connected = 0

    async def follow(self) -> None:
        cursor = changes.cursor_of(0)
        while self._count() < WRITERS * EACH * AT_ONCE:
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                async with self.client.socket() as socket:
                    self.connected += 1
                    begun = await socket.begin(CHANGES, after=cursor)
                    while self._count() < WRITERS * EACH * AT_ONCE:
                        answer = await socket.next(begun)
                        if answer is None or "errors" in answer:
                            break  # too slow, or ended: come back
                        self.told.append(answer["data"]["changes"])
                        cursor = self.told[-1]["cursor"]
                        if len(self.told) == 1_500:
                            socket.raw.transport.abort()

    def _count(self) -> int:
        return len(self.told)


async def _a_shop(db: Database) -> tuple[list[str], str]:
    async with db.write() as conn:
        place = await make.a_location(conn, code="berlin")
        skus = [(await make.a_variant(conn)).sku for _ in range(LEVELS)]
        why = stock.Why("RECEIVED", "Ada")
        given = [Setting(sku, place.code, 1_000) for sku in skus]
        await stock.set_levels(conn, make.a_principal(), why=why, quantities=given)
        await conn.execute(text("DELETE FROM outbox"))
        return skus, await principals.issue(conn, name="Follower", permissions=ROLES["head_office"])


async def _adjust(db: Database, skus: list[str], seed: int) -> None:
    chosen, ada, why = random.Random(seed), make.a_principal(), stock.Why("SOLD", "Ada")
    for _ in range(EACH):
        lines = [Adjusting(sku, "berlin", chosen.choice((-1, 1))) for sku in chosen.sample(skus, AT_ONCE)]
        async with db.write() as conn:
            await stock.adjust(conn, ada, why=why, adjustments=lines)


async def _by_role(http: httpx.AsyncClient, *hubs: Hub) -> tuple[Hub, Hub] | None:
    """Who numbers, and who does not."""
    leads = [(await http.get(f"{hub.base}/health")).json()["sequencing"] for hub in hubs]
    one, two = hubs
    return {(True, False): (one, two), (False, True): (two, one)}.get((leads[0], leads[1]))
