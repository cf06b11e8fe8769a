"""Every table of the hub, for what must see them all: migrations and their check."""

from kernel.db import metadata

__all__ = ["metadata", "ours"]


def ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Whether a table is the models' to describe; partitions and the job queue describe themselves."""
    return not (kind == "table" and name is not None and (name.startswith(("change_2", "pgqueuer"))))
