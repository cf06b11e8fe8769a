"""Associations between products: the columns ``TYPE-products``, which name skus, and ``TYPE-product_models``.

They are laid once every product is in, for a row may name one that comes later. ``TYPE-groups`` are not imported.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kernel.importing import Problem
from pim.products.model import ProductInput

from .assembling import Draft
from .reading import Row


@dataclass(slots=True)
class Links:
    """What rows point to by kind, and the product of each sku and product model there is."""

    products: dict[str, str] = field(default_factory=dict)
    named: list[tuple[str, str, str, Row, str]] = field(default_factory=list)

    def note(self, drafts: Iterable[Draft], columns: Mapping[str, Iterable[str]]) -> list[Problem]:
        """Remember what ``drafts`` point to. ``columns`` are all the columns of each file."""
        problems: list[Problem] = []
        for draft in drafts:
            code = draft.product.code
            self.products |= {code: code} | {one.sku: code for one in draft.product.variants}
            self.products |= {row["code"]: code for row in draft.group.models}
            for row in draft.group.rows:
                for column in columns[row.file]:
                    kind, _, what = column.rpartition("-")
                    if what in ("products", "product_models") and row[column]:
                        self.named += [(code, kind, target, row, column) for target in row.listed(column)]
                    elif what == "groups" and kind and row[column]:
                        problems.append(row.problem(column, "associations with groups are not imported", refused=False))
        return problems

    def inputs(self) -> tuple[list[ProductInput], list[Problem]]:
        """The associations to lay, and those that point nowhere."""
        problems: list[Problem] = []
        found: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        for code, kind, target, row, column in self.named:
            if target not in self.products:
                text = f"points to {target[:60]}, which did not go in"
                problems.append(row.problem(column, text, refused=False))
            elif self.products[target] != code:
                found[code][kind][self.products[target]] = None
        return [
            ProductInput(code, associations={kind: tuple(targets) for kind, targets in kinds.items()})
            for code, kinds in found.items()
        ], problems
