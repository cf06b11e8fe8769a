"""What every workload is given, and how a read is measured beside its limit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson

from bench import running
from bench.figures import Figure
from bench.load import Load, Measured
from bench.running import Shop
from tests import contract


@dataclass(frozen=True)
class Bench:
    """One run: the shops by rising size, for how long each case is measured, and what was found so far."""

    shops: Sequence[Shop]
    seconds: float
    figures: list[Figure] = field(default_factory=list)
    tell: Callable[[Figure], None] = lambda _figure: None

    def note(self, figure: Figure) -> None:
        self.figures.append(figure)
        self.tell(figure)


def body(operation: str, variables: dict[str, object], text: str | None = None) -> str:
    """A request of a contract operation, or of another ``text`` of it."""
    given = {"query": text or contract.text(operation), "operationName": operation, "variables": variables}
    return orjson.dumps(given).decode()


def reads(
    bench: Bench,
    of: Shop,
    hub: int,
    bare: int | None,
    *,
    name: str,
    case: str,
    bodies: list[str],
    path: str = "",
    expect: str,
    role: str = "web",
) -> Measured:
    """Measure a read on the hub and, where there is one, its limit on the bare route ``path``, with the same bodies.

    The first bodies are asked of both, and must be answered alike.
    """
    token = of.tokens[role]
    given = {"bodies": bodies, "expect": expect, "seconds": bench.seconds}
    limit = None
    if bare is not None:
        for one in bodies[:3]:
            told, limited = running.ask(hub, one, token=token), running.ask(bare, one, path=path)
            if told != limited:
                raise RuntimeError(f"{name}, {case}: the hub and its limit answer differently")
        limit = running.load(Load(port=bare, path=path, **given))  # type: ignore[arg-type]
    found = running.load(Load(port=hub, path="/graphql", token=token, **given))  # type: ignore[arg-type]
    notes = {"kB": round(found.bytes / found.requests / 1000)}
    bench.note(
        Figure(
            workload=name,
            case=f"{case}, {of.name}",
            unit="requests/s",
            value=found.per_second,
            limit=limit.per_second if limit else None,
            p50=found.p50,
            p99=found.p99,
            limit_p50=limit.p50 if limit else None,
            notes=notes,
        )
    )
    return found
