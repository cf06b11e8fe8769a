from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Understood:
    """What somebody typed, as PostgreSQL looks for it: each is a tsquery.

    ``wanted`` is what a document must have. Of what is found, the more of ``typed`` it has the better, then the more
    of ``meant``: words that begin or end with those typed, or are nearly the same. What has the whole ``code`` comes
    first.
    """

    wanted: str
    typed: str
    meant: str
    code: str
