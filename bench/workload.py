"""What every workload is given, and how a read is measured beside its limit."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from bench import running
from bench.figures import Figure
from bench.load import Load
from bench.running import Cpu, Server, Shop
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


def differing(told: Any, limited: Any, at: str = "data") -> str:
    """The first place where two answers differ, with both."""
    if isinstance(told, dict) and isinstance(limited, dict) and told.keys() == limited.keys():
        places: Iterable[Any] = told
    elif isinstance(told, list) and isinstance(limited, list) and len(told) == len(limited):
        places = range(len(told))
    else:
        return f"{at}: {str(told)[:500]} / {str(limited)[:500]}"
    return next(differing(told[one], limited[one], f"{at}.{one}") for one in places if told[one] != limited[one])


def reads(
    bench: Bench,
    of: Shop,
    hub: Server,
    bare: Server | None,
    *,
    name: str,
    case: str,
    bodies: list[str],
    path: str = "",
    expect: str,
    role: str = "web",
    share: float = 1,
) -> Cpu:
    """Measure a read on the hub and, where there is one, its limit on the bare route ``path``, with the same bodies.

    The first bodies are asked of both, and must be answered alike. ``share`` is how
    much of the usual time is taken. Returns what a request cost the hub.
    """
    token = of.tokens[role]
    given = {"bodies": bodies, "expect": expect, "seconds": bench.seconds * share}
    limit = least = None
    if bare is not None:
        for one in bodies[:3]:
            told, limited = running.ask(hub.port, one, token=token), running.ask(bare.port, one, path=path)
            if told != limited:
                raise RuntimeError(f"{name}, {case}: the hub and its limit differ at {differing(told, limited)}")
        limit, least = running.load(Load(port=bare.port, path=path, **given), bare)  # type: ignore[arg-type]
    found, used = running.load(Load(port=hub.port, path="/graphql", token=token, **given), hub)  # type: ignore[arg-type]
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
            cpu=(used.server, used.postgres),
            limit_cpu=(least.server, least.postgres) if least else None,
            notes={"kB": round(found.bytes / found.requests / 1000)},
        )
    )
    return used
