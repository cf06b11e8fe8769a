"""One unit more at one location, with an idempotency key of its own: at random levels, and all at one hot level.

Its physical limit is pgbench doing to the same tables what must be done at the least (update the level, add the ledger
row and the outbox row, in one statement) from as many connections over the same socket.
"""

import asyncio
import re
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import make_url

from bench import running
from bench.figures import Figure
from bench.load import Load
from bench.running import Shop
from bench.workload import Bench, body
from server.embedded import binaries

NAME = "adjustStock"
CONNECTIONS = 8
MOST_LEVELS = 20_000
LEVELS = """
    SELECT v.sku, l.code AS location, s.variant_id, s.location_id
    FROM stock_level s JOIN variant v ON v.id = s.variant_id JOIN location l ON l.id = s.location_id
    ORDER BY md5(v.sku || l.code) LIMIT $1
"""
SCRIPT = """
\\set n random(1, {count})
WITH chosen AS (
    SELECT variant_id, location_id FROM bench_level WHERE n = :n
), changed AS (
    UPDATE stock_level s SET available = s.available + 1, updated_at = clock_timestamp()
    FROM chosen c WHERE s.variant_id = c.variant_id AND s.location_id = c.location_id
    RETURNING s.*
), moved AS (
    INSERT INTO stock_movement (variant_id, location_id, reason, actor, available, available_after, committed_after,
        reserved_after, damaged_after, quality_control_after, safety_stock_after, incoming_after)
    SELECT variant_id, location_id, 'RECEIVED', 'bench', 1, available, committed, reserved, damaged, quality_control,
        safety_stock, incoming
    FROM changed
)
INSERT INTO outbox (topic, event, entity, location, payload)
SELECT 'STOCK', 'stock.adjusted', 'StockLevel:' || variant_id || ':' || location_id, 'bench',
    jsonb_build_object('skus', jsonb_build_array('bench'), 'reason', 'RECEIVED', 'level', jsonb_build_object(
        'onHand', on_hand, 'available', available, 'committed', committed, 'reserved', reserved))
FROM changed;
"""
TABLE = """
    CREATE TABLE bench_level AS
    SELECT CAST(row_number() OVER (ORDER BY random()) AS int) AS n, variant_id, location_id
    FROM (SELECT variant_id, location_id FROM stock_level ORDER BY random() LIMIT {most}) s
"""


def run(bench: Bench) -> None:
    for of in bench.shops:
        levels = asyncio.run(running.rows(of, LEVELS, MOST_LEVELS))
        cases = {"random levels": levels, "one hot level": levels[:1]}
        with running.hub(of) as hub:
            found = {
                case: running.load(
                    Load(
                        port=hub.port,
                        path="/graphql",
                        token=of.tokens["head_office"],
                        bodies=[adjusting(row["sku"], row["location"]) for row in some],
                        expect='"StockAdjustment"',
                        connections=CONNECTIONS,
                        seconds=bench.seconds,
                    ),
                    hub,
                )
                for case, some in cases.items()
            }
        for case, some in cases.items():
            limit = _pgbench(of, len(some), bench.seconds)
            told, used = found[case]
            bench.note(
                Figure(
                    workload=NAME,
                    case=f"{case}, {of.name}",
                    unit="requests/s",
                    value=told.per_second,
                    limit=limit,
                    p50=told.p50,
                    p99=told.p99,
                    cpu=(used.server, used.postgres),
                    limit_p50=CONNECTIONS / limit * 1000,
                )
            )


def adjusting(sku: str, location: str) -> str:
    """The request that adds one unit."""
    line = {"sku": sku, "location": location, "delta": 1, "state": "ON_HAND"}
    return body("AdjustStock", {"input": {"idempotencyKey": "{KEY}", "reason": "RECEIVED", "adjustments": [line]}})


def _pgbench(of: Shop, levels: int, seconds: float) -> float:
    """Transactions per second."""
    asyncio.run(running.rows(of, "DROP TABLE IF EXISTS bench_level"))
    asyncio.run(running.rows(of, TABLE.format(most=levels)))
    asyncio.run(running.rows(of, "ALTER TABLE bench_level ADD PRIMARY KEY (n)"))
    url = make_url(of.url)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "adjust.sql"
        script.write_text(SCRIPT.format(count=levels))
        at = ["-h", str(url.query["host"]), "-p", str(url.query["port"]), "-U", "postgres"]
        how = ["-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1", "-T", str(round(seconds))]
        done = subprocess.run(
            [str(binaries.BIN / "pgbench"), *at, *how, "-f", str(script), str(url.database)],
            env=binaries.environment(),
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    assert found, done.stdout
    return float(found[1])
