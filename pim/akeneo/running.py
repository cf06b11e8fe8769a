"""One import under way: its files, whom it tells, and what it found so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.db import Database
from kernel.importing import Progress, Report

from .reading import Sheet
from .structures import Part


@dataclass(slots=True)
class Run:
    db: Database
    sheets: Mapping[str, Sheet]
    progress: Progress
    report: Report = field(default_factory=Report)

    def settle(self, part: Part) -> None:
        self.report.add(part.outcomes, part.problems)

    def tell(self, *names: str) -> None:
        """Say how far these files are."""
        for name in names:
            sheet = self.sheets[name]
            self.progress(sheet.name, self.report.files[sheet.name].rows, sheet.count)
