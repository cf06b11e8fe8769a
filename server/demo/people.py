"""Who uses the demo shop: one token for each kind of work, kept in a file that only its owner reads."""

import json
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

from kernel import principals
from kernel.db import Database, WriteConn
from kernel.principals import Principal
from schema.access import ROLES

FILE = "demo-tokens.json"
LOADER = Principal(uuid.UUID(int=0), "demo", ROLES["head_office"])


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    channels: list[str] | None = None
    locations: list[str] | None = None


PEOPLE = {
    "web": Person("Web shop", ["web"]),
    "marketplace": Person("Marketplace", ["marketplace"]),
    "store": Person("Store associate, Hamburg", ["pos"], ["hamburg-store"]),
    "merchandiser": Person("Merchandiser"),
    "head_office": Person("Head office"),
}


async def tokens(db: Database, folder: Path) -> dict[str, str]:
    """A valid token for each role, made anew for those that the file does not hold."""
    path = folder / FILE
    held: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    async with db.read() as conn:
        known = {role for role, secret in held.items() if await principals.principal_by_secret(conn, secret)}

    async def work(conn: WriteConn) -> dict[str, str]:
        found: dict[str, str] = {}
        for role, one in PEOPLE.items():
            found[role] = (
                held[role]
                if role in known
                else await principals.issue(
                    conn, name=one.name, permissions=ROLES[role], channels=one.channels, locations=one.locations
                )
            )
        return found

    found = await db.transact(work)
    if found != held:
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(found, file, indent=2)
        part.replace(path)
    return found
