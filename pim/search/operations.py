import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import text

from kernel.db import WriteConn

from .documents import Learned


async def index(conn: WriteConn, documents: Sequence[tuple[uuid.UUID, str, str]]) -> None:
    """Write the documents of (listing, locale), as far as they are new."""
    if documents:
        listings, locales, bodies = zip(*documents, strict=True)
        given = {"listings": list(listings), "locales": list(locales), "documents": list(bodies)}
        await conn.execute(_INDEX, given)


async def learn(conn: WriteConn, learned: Mapping[str, Learned]) -> None:
    """Keep the words of each locale that are not known yet."""
    for locale, stems in sorted(learned.items()):  # in one order, so that two who learn do not wait for each other
        if stems:
            given = {"locale": locale, "words": list(stems), "stems": list(stems.values())}
            await conn.execute(_LEARN, given)


_INDEX = text("""
    INSERT INTO search_document AS d (listing_id, locale, document)
    SELECT listing_id, locale, CAST(document AS tsvector)
    FROM unnest(CAST(:listings AS uuid[]), CAST(:locales AS text[]), CAST(:documents AS text[]))
        AS r (listing_id, locale, document)
    ORDER BY listing_id, locale
    ON CONFLICT (listing_id, locale) DO UPDATE SET document = excluded.document
    WHERE d.document <> excluded.document
""")
_NEAR = """CASE WHEN length(r.word) BETWEEN 4 AND 24 THEN ARRAY(
    SELECT DISTINCT left(r.word, i) || substr(r.word, i + 2) FROM generate_series(0, length(r.word)) AS i
) ELSE '{}' END"""
_LEARN = text(f"""
    INSERT INTO search_word (locale, word, stem, near)
    SELECT :locale, r.word, r.stem, {_NEAR}
    FROM unnest(CAST(:words AS text[]), CAST(:stems AS text[])) AS r (word, stem)
    WHERE NOT EXISTS (SELECT FROM search_word w WHERE w.locale = :locale AND w.word = r.word)
    ORDER BY r.word
    ON CONFLICT DO NOTHING
""")
