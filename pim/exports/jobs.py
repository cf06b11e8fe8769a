from kernel import tasks
from kernel.db import Database
from kernel.files import Files
from kernel.jobs import Job
from kernel.tasks import Task

from . import working
from .model import KIND


def exporting(files: Files) -> Job:
    """The job that writes exports into ``files``."""

    async def work(db: Database, task: Task) -> object:
        return await working.export(db, task, files)

    return tasks.job(KIND, work)


async def _elsewhere(_db: Database, _given: object) -> None:
    raise NotImplementedError


WANTED = Job(KIND, _elsewhere)  # what is queued is a name; the node that runs it brings the work
