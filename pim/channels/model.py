import uuid
from dataclasses import dataclass

from pim.channels import locales as locale_rules


@dataclass(frozen=True, slots=True)
class Channel:
    """Where things are sold. The first of its ``locales`` is its default.

    ``required_completeness`` is the percentage to which a product must be filled in, in each locale, to be published.
    """

    id: uuid.UUID
    code: str
    name: str
    kind: str
    currency: str
    locales: tuple[str, ...]
    category_id: uuid.UUID | None = None
    time_zone: str = "UTC"
    required_completeness: int | None = None

    def served(self, locale: str | None) -> str:
        """The channel's own locale that serves ``locale`` best: de-AT by de; the default where none does."""
        for candidate in locale_rules.fallbacks(locale) if locale else ():
            if candidate in self.locales:
                return candidate
        return self.locales[0]
