"""By what the listings of a grown shop are found: what is the same for all that is made after a pattern, once."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from kernel.db import WriteConn
from pim.channels.model import Channel
from pim.listings import indexing, projecting
from pim.products.model import Content
from pim.search import documents
from pim.search.documents import Learned
from server.demo.patterns import MAKES, Pattern, Patterns

Made = tuple[int, int, int]  # pattern, make, variants


class Finding:
    """Terms and documents of listings. ``ids`` are the numbers of all terms there can be."""

    def __init__(self, known: Patterns, ids: Mapping[indexing.InChannel, int]) -> None:
        self.known = known
        self.ids = ids
        self.learned: dict[str, Learned] = defaultdict(dict)
        self.counts = Counter[int]()
        self.searchable = [one for one in known.attributes.values() if one.searchable]
        self._terms: dict[tuple[Made, uuid.UUID], tuple[list[int], list[int]]] = {}
        self._said: dict[tuple[Made, uuid.UUID, str], str] = {}

    def terms(self, made: Made, pattern: Pattern, channel: Channel) -> tuple[list[int], list[int]]:
        """The numbers of the terms that make facets, and of the others; they are counted."""
        key = (made, channel.id)
        if key not in self._terms:
            terms = self.known.terms(pattern, made[1], made[2], channel)
            narrowing = [one for one in terms if projecting.faceted(one, self.known.attributes)]
            facets, others = (
                sorted(self.ids[channel.id, *one] for one in some) for some in (narrowing, terms.keys() - narrowing)
            )
            self._terms[key] = facets, others
        facets, others = self._terms[key]
        self.counts.update(facets)
        self.counts.update(others)
        return facets, others

    def document(
        self, made: Made, pattern: Pattern, channel: Channel, locale: str, said: Mapping[str, Sequence[str]], codes: str
    ) -> str:
        """The document of what is made after a pattern, says something of its own, and has these codes."""
        key = (made, channel.id, locale)
        if key not in self._said:
            self._said[key] = self._shared(made, pattern, channel, locale)
        own = documents.literal(documents.weigh(said, locale, self.learned[locale]))
        return f"{documents.scope(channel.code, locale)} {codes} {own} {self._said[key]}"

    def _shared(self, made: Made, pattern: Pattern, channel: Channel, locale: str) -> str:
        contents: list[Content] = [pattern.contents[made[1]], *(one.content for one in pattern.variants[: made[2]])]
        lineage = [one for path in pattern.lineages_in(channel) for one in path]
        mine = [one for one in self.searchable if one.code not in (pattern.label, "model_number")]
        texts = projecting.texts("", contents, lineage, mine, self.known.options, channel, locale)
        return documents.literal(documents.weigh(texts, locale, self.learned[locale]))


async def prepare(conn: WriteConn, known: Patterns) -> Finding:
    """Give every term a number that what is made after the patterns can have."""
    wanted = {
        (channel.id, *term): number
        for channel in known.channels
        for pattern in known.patterns
        for make in range(MAKES)
        for term, number in known.terms(pattern, make, len(pattern.variants), channel).items()
    }
    return Finding(known, await indexing.identify(conn, wanted))
