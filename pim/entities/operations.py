import uuid
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from sqlalchemy import delete, text
from sqlalchemy.dialects.postgresql import insert

from kernel import codes
from kernel.db import WriteConn, to_json
from kernel.errors import InvalidInput, NotFound
from kernel.outbox import emit
from pim.attributes import locking, scoping, values
from pim.attributes import queries as attribute_queries
from pim.attributes.model import Attribute
from pim.channels import queries as channel_queries

from . import queries, targets
from .events import ReferenceEntityChanged, ReferenceRecordChanged
from .model import (
    Content,
    Entity,
    Record,
    RecordInput,
    RecordProblem,
    RecordValue,
    RefusedRecord,
    SavedRecord,
    SavedRecords,
)
from .tables import reference_attribute, reference_entity

MOST = 500
MOST_ATTRIBUTES = 200
RESERVED = {"product"}


async def save_entity(
    conn: WriteConn, *, code: str, labels: Mapping[str, str], attributes: Sequence[str] = ()
) -> Entity:
    """Create the reference entity ``code`` or change it. Raises InvalidInput.

    Values of attributes that it no longer has are kept, and not shown.
    """
    codes.check(code, path="code")
    if code.lower() in RESERVED:
        raise InvalidInput("code", f"must not be {code}, which attributes refer to without an entity")
    if len(set(attributes)) != len(attributes) or len(attributes) > MOST_ATTRIBUTES:
        raise InvalidInput("attributes", f"must be up to {MOST_ATTRIBUTES}, each given once")
    await locking.hold(conn)
    known = await attribute_queries.attributes_by_code(conn, attributes)
    for place, name in enumerate(attributes):
        if name not in known:
            raise InvalidInput(f"attributes.{place}", f"there is no attribute {name[:100]}")
        if known[name].is_unique:
            raise InvalidInput(f"attributes.{place}", f"{name} is unique among products")
    new = insert(reference_entity).values(code=code, labels=dict(labels))
    new = new.on_conflict_do_update(index_elements=["code"], set_={"labels": dict(labels)})
    entity_id = (await conn.execute(new.returning(reference_entity.c.id))).scalar_one()
    await conn.execute(delete(reference_attribute).where(reference_attribute.c.entity_id == entity_id))
    rows = [
        {"entity_id": entity_id, "attribute_id": known[name].id, "position": place}
        for place, name in enumerate(attributes)
    ]
    if rows:
        await conn.execute(insert(reference_attribute), rows)
    await emit(conn, ReferenceEntityChanged.of(entity_id, code))
    return (await queries.entities_by_code(conn, [code]))[code]


async def save_records(
    conn: WriteConn, *, entity: str, records: Sequence[RecordInput], bulk: bool = False
) -> SavedRecords:
    """Make true what each input says; a record with a problem is refused, the others go in. Up to 500 at once.

    Raises NotFound and InvalidInput.
    """
    if len(records) > MOST:
        raise InvalidInput("records", f"must be at most {MOST} at once")
    await locking.share(conn)
    kind = (await queries.entities_by_code(conn, [entity])).get(entity)
    if kind is None:
        raise NotFound("reference entity", entity[:100])
    await conn.execute(_LOCK, {"entity": kind.id, "codes": [one.code.replace("\0", "") for one in records]})
    before = await queries.records_by_code(conn, {(entity, one.code) for one in records})
    laying = await _laying(conn, kind, records)
    after: dict[str, tuple[dict[str, str], Content]] = {}
    refused: dict[int, RefusedRecord] = {}
    for place, given in enumerate(records):
        start = after.get(given.code) or _state(before.get((entity, given.code)))
        laid, problems = laying.lay(start, given)
        if problems:
            refused[place] = RefusedRecord(given.code, tuple(problems))
        else:
            after[given.code] = laid
    changed = {code: one for code, one in after.items() if _state(before.get((entity, code)), new=None) != one}
    rows = [{"code": code, "labels": labels, "content": content} for code, (labels, content) in changed.items()]
    written = {row.code: row.id for row in await conn.execute(_WRITE, {"entity": kind.id, "rows": to_json(rows)})}
    await emit(conn, *(ReferenceRecordChanged.of(key, code, entity) for code, key in written.items()), bulk=bulk)
    return SavedRecords(
        tuple(
            refused[place]
            if place in refused
            else _saved(given.code, before.get((entity, given.code)), after[given.code][0], written)
            for place, given in enumerate(records)
        )
    )


def _state(record: Record | None, *, new: Any = ({}, {})) -> Any:
    return (record.labels, record.content) if record else new


def _saved(
    code: str, before: Record | None, labels: Mapping[str, str], written: Mapping[str, uuid.UUID]
) -> SavedRecord:
    record_id = written.get(code) or (before.id if before else None)
    assert record_id is not None  # noqa: S101 -- what is not refused is there, or was written
    relabeled = before is not None and before.labels != labels
    return SavedRecord(code, record_id, created=before is None, changed=code in written, relabeled=relabeled)


class _Laying:
    """How inputs are laid over records of one entity: what it has, and what there is to refer to."""

    def __init__(self, attributes: Mapping[str, Attribute], options: targets.Options, channels: set[str]) -> None:
        self.attributes, self.options, self.channels = attributes, options, channels

    def lay(self, before: Any, given: RecordInput) -> tuple[Any, list[RecordProblem]]:
        labels, content = deepcopy(before)
        problems = []
        try:
            codes.check(given.code, path="code")
        except InvalidInput as refused:
            problems.append(RecordProblem(refused.path, refused.problem))
        for place, value in enumerate(given.values):
            try:
                self._set(content, value)
            except values.Unfit as unfit:
                problems.append(RecordProblem(f"values.{place}", f"{value.attribute[:100]} {unfit}"))
        return (labels if given.labels is None else dict(given.labels), content), problems

    def _set(self, content: Content, value: RecordValue) -> None:
        attribute = self.attributes.get(value.attribute)
        if attribute is None:
            raise values.Unfit("is no attribute of the reference entity")
        channel, locale = scoping.scope(attribute, value.channel, value.locale, self.channels)
        if value.value is not None:
            cleaned = values.clean(attribute, value.value, self.options.get(attribute.code, {}))
            content.setdefault(attribute.code, {}).setdefault(channel, {})[locale] = cleaned
            return
        content.get(attribute.code, {}).get(channel, {}).pop(locale, None)
        left = {scope: by for scope, by in content.pop(attribute.code, {}).items() if by}
        content |= {attribute.code: left} if left else {}


async def _laying(conn: WriteConn, kind: Entity, records: Sequence[RecordInput]) -> _Laying:
    attributes = await attribute_queries.attributes_by_code(conn, kind.attributes)
    given: Iterable[tuple[str, Any]] = [(value.attribute, value.value) for one in records for value in one.values]
    options: dict[str, Mapping[str, Any]] = dict(await attribute_queries.options_by_attribute(conn, kind.attributes))
    options |= await targets.there(conn, attributes, given, new={kind.code: {one.code for one in records}})
    channels = {one.code for one in await channel_queries.all_channels(conn)}
    return _Laying(attributes, options, channels)


_LOCK = text("""
    SELECT FROM reference_record WHERE entity_id = :entity AND code = ANY(:codes) ORDER BY code FOR NO KEY UPDATE
""")
_WRITE = text("""
    INSERT INTO reference_record AS t (entity_id, code, labels, content)
    SELECT :entity, r.code, r.labels, r.content
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (code text, labels jsonb, content jsonb)
    ORDER BY r.code
    ON CONFLICT (entity_id, code) DO UPDATE
        SET labels = excluded.labels, content = excluded.content, updated_at = clock_timestamp()
    RETURNING code, id
""")
