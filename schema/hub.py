from importlib.metadata import version

import strawberry

from kernel import changes
from kernel.principals import Principal

from .access import Permission
from .context import Info
from .fields import field
from .scalars import BigInt


@strawberry.type
class HubLag:
    sequencer: float = strawberry.field(description="Seconds for which the oldest fact has waited for its number.")


@strawberry.type
class Hub:
    version: str
    position: BigInt
    lag: HubLag


@field(Hub, needs=Permission.HUB_READ)
async def hub(_caller: Principal, info: Info) -> Hub:
    async with info.context.db.read() as conn:
        position, waiting = await changes.head(conn), await changes.waiting(conn)
    return Hub(version=version("entrepot"), position=BigInt(position), lag=HubLag(sequencer=waiting))
