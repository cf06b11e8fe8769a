import secrets

from kernel import tasks
from kernel.db import WriteConn
from kernel.errors import InvalidInput

from . import reading
from .model import FORMATS, KIND, Export, Selection


async def start(conn: WriteConn, *, selection: Selection, format: str, actor: str) -> Export:
    """Have a file written of what is selected, as it stands when the work begins. Raises InvalidInput."""
    if format not in FORMATS:
        raise InvalidInput("format", f"must be one of {', '.join(FORMATS)}")
    kept = (await reading.checked(conn, selection)).kept()
    given = {"format": format, "selection": kept, "secret": secrets.token_hex(32)}
    return Export.of(await tasks.start(conn, KIND, actor=actor, given=given))
