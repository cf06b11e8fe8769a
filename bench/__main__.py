"""``python -m bench``: measure every workload, or those named."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import figures, plans, running
from bench.workload import Bench
from bench.workloads import (
    adjust_stock,
    import_products,
    listing_detail,
    listing_page,
    offers_by_sku,
    sequencer,
    stock_changed,
    sync_offers,
)

WORKLOADS = {
    "listing-page": listing_page.run,
    "listing-detail": listing_detail.run,
    "offers-by-sku": offers_by_sku.run,
    "adjust-stock": adjust_stock.run,
    "stock-changed": stock_changed.run,
    "sync-offers": sync_offers.run,
    "sequencer": sequencer.run,
    "import-products": import_products.run,
}


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(WORKLOADS)}, or plans; all but plans where none is given.")
    ] = None,
    *,
    seconds: Annotated[float, typer.Option(min=1, help="For how long each case is measured.")] = 8,
    variants: Annotated[str, typer.Option(help="Sizes of the shops, separated by commas.")] = "10000,100000",
    json: Annotated[Path | None, typer.Option(help="Write the figures there too.")] = None,
) -> None:
    """Measure each workload beside its physical limit."""
    wanted = names or list(WORKLOADS)
    if unknown := set(wanted) - {*WORKLOADS, "plans"}:
        raise typer.BadParameter(f"there is no workload {min(unknown)}")
    console = Console(highlight=False)
    console.print(figures.machine())
    with running.postgres() as url:
        shops = [running.shop(url, int(one)) for one in sorted(variants.split(","), key=int)]
        bench = Bench(shops, seconds, tell=lambda one: console.print(one.line(), soft_wrap=True))
        for name in wanted:
            if name == "plans":
                plans.show(shops[-1])
            else:
                WORKLOADS[name](bench)
    figures.table(bench.figures)
    if json:
        figures.save(bench.figures, json)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
