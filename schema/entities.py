import uuid
from datetime import datetime
from typing import Annotated, Any

import strawberry

from kernel.db import WriteConn
from kernel.paging import Window
from kernel.principals import Principal
from pim.attributes import queries as attribute_queries
from pim.catalog import records
from pim.entities import model, operations, queries
from pim.modeling import operations as modeling
from pim.products import reading

from .access import Permission
from .attributes import Attribute
from .context import Info
from .errors import Error
from .fields import field, loads, mirrors, mutation, several
from .labels import LabelInput, labels, texts
from .nodes import SOURCES, Node, Source, node_id
from .paging import Connection, connection
from .products import ProductValue
from .scalars import JSON

READ, WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE
_attributes = several(attribute_queries.attributes_by_code)


def _records_of(
    root: model.Entity,
    *,
    window: Window,
    search: str | None = None,
) -> tuple[uuid.UUID, Window, str | None]:
    return root.id, window, search


@strawberry.type(description="A kind of thing that products refer to, such as brands or designers.")
@mirrors(model.Entity)
class ReferenceEntity(Node):
    id = node_id("ReferenceEntity")
    code: str
    labels = labels()
    attributes = loads(list[Attribute], _attributes, by="attributes", otherwise=(), needs=READ)
    records = loads(
        Connection[Annotated["ReferenceRecord", strawberry.lazy("schema.entities")]],
        queries.pages_of_records,
        by=_records_of,
        pick=connection,
        needs=READ,
        description="By code. The search looks into codes and labels.",
    )


@strawberry.type(description="One thing of a reference entity: one brand, one designer.")
@mirrors(model.Record)
class ReferenceRecord(Node):
    id = node_id("ReferenceRecord")
    code: str
    updated_at: datetime
    labels = labels()
    entity = loads(ReferenceEntity, queries.entities_by_code, by="entity", needs=READ)
    values = loads(list[ProductValue], reading.values_by_record, by="id", otherwise=(), needs=READ)


SOURCES["ReferenceEntity"] = Source(queries.entities_by_id, READ)
SOURCES["ReferenceRecord"] = Source(queries.records_by_id, READ)


@strawberry.type
@mirrors(model.RecordProblem)
class RecordProblem:
    path: str
    message: str


@strawberry.type
@mirrors(model.SavedRecord)
class SavedRecord:
    code: str
    created: bool
    changed: bool
    record = loads(ReferenceRecord, queries.records_by_id, by="record_id")


@strawberry.type
@mirrors(model.RefusedRecord)
class RefusedRecord:
    code: str
    problems: list[RecordProblem]


@strawberry.type
@mirrors(model.SavedRecords)
class ReferenceRecordsSaved:
    results: list[Annotated[SavedRecord | RefusedRecord, strawberry.union("RecordResult")]]


@strawberry.type
@mirrors(model.DeletedRecords)
class ReferenceRecordsDeleted:
    count: int


@strawberry.type
class RecordInUse(Error):
    code: str
    products: int
    variants: int
    records: int


@strawberry.input
class SaveReferenceEntityInput:
    idempotency_key: str
    code: str
    labels: list[LabelInput]
    attributes: list[str] | None = strawberry.field(default=None, description="Codes of the attributes of its records.")


@strawberry.input
class RecordValueInput:
    attribute: str
    channel: str | None = None
    locale: str | None = None
    value: JSON | None = strawberry.field(default=None, description="Null clears.")


@strawberry.input(description="What to make true of a record; what is not named stays.")
class ReferenceRecordInput:
    code: str
    labels: list[LabelInput] | None = None
    values: list[RecordValueInput] | None = None


@strawberry.input
class SaveReferenceRecordsInput:
    idempotency_key: str
    entity: str
    records: list[ReferenceRecordInput]


@strawberry.input
class DeleteReferenceRecordsInput:
    idempotency_key: str
    entity: str
    codes: list[str]


@mutation(ReferenceEntity, needs=WRITE, description="Create a kind of thing that products refer to, or change it.")
async def save_reference_entity(conn: WriteConn, _caller: Principal, input: SaveReferenceEntityInput) -> model.Entity:
    return await operations.save_entity(
        conn, code=input.code, labels=texts(input.labels), attributes=tuple(input.attributes or ())
    )


@mutation(ReferenceRecordsSaved, needs=WRITE, description="Up to 500 records, each answered on its own.")
async def save_reference_records(
    conn: WriteConn, caller: Principal, input: SaveReferenceRecordsInput
) -> model.SavedRecords:
    given = [
        model.RecordInput(
            one.code,
            None if one.labels is None else texts(one.labels, path=f"records.{place}.labels"),
            tuple(model.RecordValue(v.attribute, v.value, v.channel, v.locale) for v in one.values or ()),
        )
        for place, one in enumerate(input.records)
    ]
    return await modeling.save_records(conn, entity=input.entity, records=given, actor=caller.name)


@mutation(
    ReferenceRecordsDeleted, RecordInUse, needs=WRITE, description="Delete records that nothing refers to, all or none."
)
async def delete_reference_records(
    conn: WriteConn, _caller: Principal, input: DeleteReferenceRecordsInput
) -> model.DeletedRecords:
    return await records.delete(conn, entity=input.entity, codes=input.codes)


@field(ReferenceEntity | None, needs=READ)
async def reference_entity(_caller: Principal, info: Info, code: str) -> model.Entity | None:
    return await info.context.reads.load(queries.entities_by_code, code)


@field(ReferenceRecord | None, needs=READ)
async def reference_record(_caller: Principal, info: Info, entity: str, code: str) -> model.Record | None:
    return await info.context.reads.load(queries.records_by_code, (entity, code))


@field(Connection[ReferenceEntity], needs=READ, description="By code.")
async def reference_entities(
    _caller: Principal,
    info: Info,
    window: Window,
) -> Any:
    async with info.context.db.read() as conn:
        return connection(await queries.page_of_entities(conn, window))
