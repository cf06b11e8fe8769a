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
