import strawberry

from pim.categories import model

from .fields import mirrors


@strawberry.type
@mirrors(model.Category)
class Category:
    code: str
    path: str
    slug: str
