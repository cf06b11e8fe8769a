from kernel import tasks

from . import working
from .model import EDIT, UNDO

EDITING = tasks.job(EDIT, working.edit)
UNDOING = tasks.job(UNDO, working.undo)
