import uuid

from sqlalchemy import Column, Computed, ForeignKey, Index, Named, Table, Text, TypedColumns, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR

from kernel.db import metadata


class _SearchDocument(TypedColumns):
    """What a listing is found by in one locale of its channel.

    One lexeme of the document names channel and locale, so that a query reads of the index what is its own; others,
    each a code behind ``=``, are the listing's skus and GTINs.
    """

    listing_id: Named[uuid.UUID] = Column(Uuid, ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True)
    locale: Named[str] = Column(Text, primary_key=True)
    document: Named[str] = Column(TSVECTOR)


class _SearchWord(TypedColumns):
    """A word that documents of a locale have or had, by which mistyped and unfinished ones are understood.

    ``near`` is what the word becomes when one letter is dropped; ``backward`` its stem from behind.
    """

    locale: Named[str] = Column(Text, primary_key=True)
    word: Named[str] = Column(Text(collation="C"), primary_key=True)
    stem: Named[str] = Column(Text(collation="C"))
    backward: Named[str] = Column(Text(collation="C"), Computed("reverse(stem)", persisted=True))
    near: Named[list[str]] = Column(ARRAY(Text), server_default="{}")


search_document = Table(
    "search_document",
    metadata,
    _SearchDocument,
    Index("ix_search_document_document", "document", postgresql_using="gin"),
)
search_word = Table(
    "search_word",
    metadata,
    _SearchWord,
    Index("ix_search_word_backward", "locale", "backward"),
    Index("ix_search_word_near", "near", postgresql_using="gin"),
    Index("ix_search_word_word", "word", postgresql_using="gin", postgresql_ops={"word": "gin_trgm_ops"}),
)
