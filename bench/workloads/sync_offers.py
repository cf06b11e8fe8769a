"""A marketplace that copies a whole channel: pages of 500 offers, one after the other, from nothing to the end.

Its physical limit is one hand-written statement a page that makes the same JSON, behind a bare Starlette route.
"""

import time
from collections.abc import Callable

from bench import running
from bench.figures import Figure
from bench.workload import Bench, body

NAME = "SyncOffers"
PAGE = 500


def run(bench: Bench) -> None:
    of = bench.shops[-1]
    with running.hub(of) as hub, running.bare(of) as bare:

        def asked(after: str | None) -> str:
            return body(NAME, {"channel": "marketplace", "after": after, "first": PAGE})

        def of_hub(after: str | None) -> tuple[list[object], str | None]:
            token = of.tokens["marketplace"]
            told = running.ask(hub.port, asked(after), token=token)["data"]["shop"]["sync"]
            return told["items"], None if len(told["items"]) < PAGE else told["cursor"]

        def of_bare(after: str | None) -> tuple[list[object], str | None]:
            told = running.ask(bare.port, asked(after), path="/sync")
            return told["items"] or [], None if len(told["items"] or ()) < PAGE else told["cursor"]

        if of_hub(None)[0] != of_bare(None)[0]:
            raise RuntimeError(f"{NAME}: the hub and its limit answer differently")
        limit, _ = _walk(of_bare, bench.seconds)
        value, pages = _walk(of_hub, bench.seconds)
    bench.note(
        Figure(
            workload=NAME,
            case=f"pages of {PAGE}, {of.name}",
            unit="offers/s",
            value=value,
            limit=limit,
            notes={"pages": pages},
        )
    )


def _walk(page: Callable[[str | None], tuple[list[object], str | None]], seconds: float) -> tuple[float, int]:
    """Offers per second, and how many pages were walked: to the end, or for three times ``seconds``."""
    after: str | None = None
    offers, pages, begun = 0, 0, time.perf_counter()
    while time.perf_counter() < begun + 3 * seconds:
        items, after = page(after)
        offers, pages = offers + len(items), pages + 1
        if after is None:
            break
    return offers / (time.perf_counter() - begun), pages
