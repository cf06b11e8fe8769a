"""The kinds of files that the catalog takes in."""

from collections.abc import Mapping

from kernel.imports.model import Importer

from . import products, taxonomy

IMPORTERS: Mapping[str, Importer] = {one.kind: one for one in (products.IMPORTER, taxonomy.IMPORTER)}
