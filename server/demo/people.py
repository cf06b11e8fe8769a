"""Who uses the demo shop: one token for each kind of work, kept in a file that only its owner reads."""

import json
import os
import uuid
from pathlib import Path

from kernel import principals
from kernel.db import Database, WriteConn
from kernel.principals import Principal
from schema.access import ROLES

FILE = "demo-tokens.json"
LOADER = Principal(uuid.UUID(int=0), "demo", ROLES["head_office"])
PEOPLE: dict[str, tuple[str, dict[str, list[str]]]] = {
    "web": ("Web shop", {"channels": ["web"]}),
    "marketplace": ("Marketplace", {"channels": ["marketplace"]}),
    "store": ("Store associate, Hamburg", {"channels": ["pos"], "locations": ["hamburg-store"]}),
    "merchandiser": ("Merchandiser", {}),
    "head_office": ("Head office", {}),
}


async def tokens(db: Database, folder: Path) -> dict[str, str]:
    """A valid token for each role, made anew for those that the file does not hold."""
    path = folder / FILE
    held: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    async with db.read() as conn:
        known = {role for role, secret in held.items() if await principals.principal_by_secret(conn, secret)}

    async def work(conn: WriteConn) -> dict[str, str]:
        found: dict[str, str] = {}
        for role, (name, scope) in PEOPLE.items():
            if role in known:
                found[role] = held[role]
            else:
                found[role] = await principals.issue(conn, name=name, permissions=ROLES[role], **scope)
        return found

    found = await db.transact(work)
    if found != held:
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(found, file, indent=2)
        part.replace(path)
    return found
