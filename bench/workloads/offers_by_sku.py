"""Prices and availability of any 100 skus at once, as a basket or a feed asks.

Its physical limit is one hand-written statement that makes the same JSON, behind a bare Starlette route.
"""

import asyncio
import random

from bench import running
from bench.workload import Bench, body, reads

NAME = "OffersBySku"
AT_ONCE = 100
SKUS = "SELECT sku FROM variant ORDER BY md5(sku) LIMIT 20000"


def run(bench: Bench) -> None:
    for of in bench.shops:
        skus = [row["sku"] for row in asyncio.run(running.rows(of, SKUS))]
        bodies = [body(NAME, {"channel": "web", "skus": random.sample(skus, AT_ONCE)}) for _ in range(300)]
        with running.hub(of) as hub, running.bare(of) as bare:
            case = f"{AT_ONCE} skus"
            reads(bench, of, hub, bare, name=NAME, case=case, bodies=bodies, path="/offers", expect='"sku"')
