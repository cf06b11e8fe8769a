"""The command ``entrepot``: loads the rest without looking for garbage, which loading does not make, and so sooner."""

import gc

gc.disable()

from server import cli  # noqa: E402 -- that is the point


def main() -> None:
    gc.enable()
    cli.main()
