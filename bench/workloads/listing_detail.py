"""A product page: texts, pictures, attributes, offers with prices, tiers and places to collect.

Its physical limit is one hand-written statement that makes the same JSON, behind a bare Starlette route.
"""

import asyncio

from bench import running
from bench.workload import Bench, body, reads

NAME = "ListingDetail"
SLUGS = """
    SELECT t.slug FROM listing_text t JOIN listing l ON l.id = t.listing_id JOIN channel c ON c.id = l.channel_id
    WHERE c.code = 'web' AND t.locale = 'en' AND l.shown ORDER BY md5(t.slug) LIMIT 500
"""


def run(bench: Bench) -> None:
    for of in bench.shops:
        slugs = [row["slug"] for row in asyncio.run(running.rows(of, SLUGS))]
        bodies = [body(NAME, {"channel": "web", "locale": "en", "slug": slug}) for slug in slugs]
        with running.hub(of) as hub, running.bare(of) as bare:
            reads(bench, of, hub, bare, name=NAME, case="any", bodies=bodies, path="/detail", expect='"breadcrumbs"')
