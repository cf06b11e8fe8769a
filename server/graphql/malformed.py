from dataclasses import dataclass


@dataclass
class Malformed(Exception):
    """A request that is no GraphQL request: the status and the reason."""

    status: int
    reason: str
    headers: dict[str, str] | None = None
