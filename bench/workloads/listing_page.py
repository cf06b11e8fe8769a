"""A category or search page of 24 tiles.

Its physical limit is one hand-written statement that makes the same JSON, behind a bare Starlette route. Pages are
reached by cursors all over the assortment, so that nothing is asked twice in a row. A page of a shop ten times larger
must not cost more than 1.3 times the processor time: what grows with the shop comes from kept counters. A page with its
count and facets must not cost five times as much as the same page without, whatever it is narrowed down by.
"""

import itertools
import random
import re
from collections.abc import Iterator

from bench import running
from bench.figures import Figure
from bench.running import Server, Shop
from bench.workload import Bench, body, reads
from tests import contract

NAME = "ListingPage"
EXPECT = '"sku"'
CATEGORIES = ("clothing", "camping", "footwear", "packs", "kitchen", "rainwear", "tents", "cooking", "hiking-shoes")
WALKED = 100  # listings a page while cursors are gathered
CURSORS = 40
LONG = re.compile(r"\s+totalCount\s+facets \{.*?\n\s+\}\n\s+\}", re.DOTALL)
ALONE = LONG.sub("", contract.text(NAME))
WALK = """query Walk($channel: String!, $first: Int!, $after: String, $filter: ListingFilter) {
  shop(channel: $channel) { listings(first: $first, after: $after, filter: $filter) {
    edges { cursor } pageInfo { hasNextPage endCursor } } } }"""

FILTERED: dict[str, list[dict[str, object]]] = {
    "attribute": [
        {"attributes": [{"code": "color", "values": [color]}]} for color in ("forest", "rust", "berry", "steel")
    ],
    "category and attribute": [
        {"category": category, "attributes": [{"code": "brand", "values": [brand]}]}
        for category, brand in itertools.product(CATEGORIES[:5], ("nordlicht", "salzwind"))
    ],
    "in stock": [{"inStock": True}],
    "price": [{"price": {"min": "20", "max": "60"}}],
    "category, in stock and price": [
        {"category": category, "inStock": True, "price": {"min": "20", "max": "300"}} for category in CATEGORIES
    ],
}
SEARCHED: dict[str, tuple[str, list[str]]] = {
    "word": ("en", ["tent", "amrum", "rain shell", "bottles", "sylt", "boot juist"]),
    "word just begun": ("en", ["ten", "amr", "rain sh", "bot", "wat", "boot ju"]),
    "mistyped": ("en", ["tnet", "amrun", "rain shel", "botle", "watterproof", "boot juits"]),
    "part of a word": ("de", ["zelt", "flasche", "jacke", "schuhe", "rucksack amrum", "lampe"]),
    "Cyrillic": ("ru", ["палатки", "палатка фьорд", "полатка", "бутылка", "куртки", "фонар"]),
    "sku": ("en", ["NL-TENT-FJORD-2-GRN", "NL-TENT-FJ", "nl tent fjord 2 grn", "NL-CHR-RAST-RST.7"]),
}
MOST = 5  # times what the plain page costs


def run(bench: Bench) -> None:
    costs: dict[str, list[float]] = {}
    for of in bench.shops:
        with running.hub(of) as hub, running.bare(of) as bare:
            pages = list(_pages(of, hub, [None]))
            in_categories = list(_pages(of, hub, [{"category": one} for one in CATEGORIES]))
            for case, some, text, path in (
                ("whole", pages, None, "/page"),
                ("whole, plain", pages, ALONE, "/page-alone"),
                ("category", in_categories, None, "/page"),
                ("category, plain", in_categories, ALONE, "/page-alone"),
            ):
                bodies = [body(NAME, one, text) for one in some]
                told = reads(bench, of, hub, bare, name=NAME, case=case, bodies=bodies, path=path, expect=EXPECT)
                costs.setdefault(case, []).append(told.both)
            for case in ("whole", "category"):
                _compare(bench, of, case, costs[case][-1], costs[f"{case}, plain"][-1])
            _filtered(bench, of, hub)
    if len(bench.shops) > 1:
        for case, (first, *_, last) in costs.items():
            large = f"{bench.shops[-1].name} / {bench.shops[0].name}"
            bench.note(
                Figure(workload=NAME, case=f"{case}, {large}", unit="times the cost", value=last / first, limit=1.3)
            )


def _compare(bench: Bench, of: Shop, case: str, whole: float, plain: float) -> None:
    told = Figure(
        workload=NAME, case=f"{case}, {of.name}", unit="times the plain page", value=whole / plain, limit=MOST
    )
    bench.note(told)


def _filtered(bench: Bench, of: Shop, hub: Server) -> None:
    cases = [(case, [{"locale": "en", "filter": one} for one in filters]) for case, filters in FILTERED.items()]
    for case, (locale, searches) in SEARCHED.items():
        cases.append((f"search, {case}", [{"locale": locale, "filter": {"search": one}} for one in searches]))
    for case, asked in cases:
        costs = []
        for suffix, text in (("", None), (", plain", ALONE)):
            bodies = [body(NAME, {"channel": "web", "first": 24} | one, text) for one in asked]
            told = reads(bench, of, hub, None, name=NAME, case=case + suffix, bodies=bodies, expect=EXPECT, share=0.4)
            costs.append(told.both)
        _compare(bench, of, case, *costs)


def _pages(of: Shop, hub: Server, filters: list[dict[str, object] | None]) -> Iterator[dict[str, object]]:
    """Variables of pages all over what the filters find."""
    for given in filters:
        cursors: list[str | None] = [None]
        after: str | None = None
        for _ in range(CURSORS):
            walked = {"channel": "web", "first": WALKED, "after": after, "filter": given}
            told = running.ask(hub.port, body("Walk", walked, WALK), token=of.tokens["web"])["data"]["shop"]["listings"]
            if not told["pageInfo"]["hasNextPage"]:
                break
            cursors += [edge["cursor"] for edge in random.sample(told["edges"], 3)]
            after = told["pageInfo"]["endCursor"]
        for cursor in cursors:
            yield {"channel": "web", "locale": "en", "first": 24, "after": cursor, "filter": given}
