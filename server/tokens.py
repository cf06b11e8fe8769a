"""Making, showing and ending tokens from the command line."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.table import Column, Table

from kernel import principals
from kernel.db import Database, ReadConn
from kernel.errors import NotFound
from oms.locations import queries as location_queries
from pim.channels import queries as channel_queries
from schema.access import ROLES, Permission
from server.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Wanted:
    name: str
    role: str | None
    permissions: list[str]
    channels: list[str] | None
    locations: list[str] | None
    days: int | None


async def create(url: str, wanted: Wanted) -> str:
    """The secret of a new token. Raises OperatorError."""
    if wanted.role is not None and wanted.role not in ROLES:
        raise OperatorError(f"there is no role {wanted.role}; there are {', '.join(ROLES)}")
    if unknown := set(wanted.permissions) - set(Permission):
        raise OperatorError(f"there is no permission {min(unknown)}; there are {', '.join(Permission)}")
    permissions = {*(ROLES[wanted.role] if wanted.role else ()), *wanted.permissions}
    if not permissions:
        raise OperatorError("give a --role or a --permission")
    expires_at = datetime.now(UTC) + timedelta(days=wanted.days) if wanted.days else None
    db = Database(url)
    try:
        async with db.write() as conn:
            await _known_scopes(conn, wanted)
            return await principals.issue(
                conn,
                name=wanted.name,
                permissions=permissions,
                channels=wanted.channels,
                locations=wanted.locations,
                expires_at=expires_at,
            )
    finally:
        await db.close()


async def _known_scopes(conn: ReadConn, wanted: Wanted) -> None:
    """Raises OperatorError where a scope names what is not there: its token would see nothing."""
    channels = await channel_queries.channels_by_code(conn, wanted.channels or ())
    locations = await location_queries.locations_by_code(conn, wanted.locations or ())
    for kind, asked, known in (("channel", wanted.channels, channels), ("location", wanted.locations, locations)):
        if unknown := set(asked or ()) - set(known):
            raise OperatorError(f"there is no {kind} {min(unknown)}")


async def table(url: str) -> Table:
    db = Database(url)
    try:
        async with db.read() as conn:
            known = await principals.all_tokens(conn)
    finally:
        await db.close()
    named = ("name", "permissions", "channels", "locations", "expires")
    shown = Table(*(Column(name, overflow="fold") for name in named))
    shown.add_column("id", no_wrap=True)
    for one in known:
        scopes = ["all" if codes is None else ", ".join(sorted(codes)) for codes in (one.channels, one.locations)]
        until = f"{one.expires_at:%Y-%m-%d %H:%M}" if one.expires_at else "never"
        shown.add_row(one.name, ", ".join(sorted(one.permissions)), *scopes, until, str(one.id))
    return shown


async def revoke(url: str, token: uuid.UUID) -> None:
    """Raises OperatorError where there is no such token in force."""
    db = Database(url)
    try:
        async with db.write() as conn:
            await principals.revoke(conn, id=token)
    except NotFound as refused:
        raise OperatorError(str(refused)) from None
    finally:
        await db.close()
