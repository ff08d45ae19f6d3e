"""Tasks that are built by hand and wait to land, and a check that two of them fail together."""

from pathlib import Path

import gitrepo
from accord.app import running, workplaces
from accord.app.changes import load
from accord.app.workshop import Workshop
from accord.core.reconcile import Build, Land
from project import DOCUMENTS, Project

TASK = "- [ ] {name} Part {name}\n  - Satisfies: R1.1, R1.2\n  - Touches: **\n  - After: -\n"
# Fails where both halves are there.
HALVES = """\
import os
import unittest


class Halves(unittest.TestCase):
    def test_not_both(self):
        self.assertFalse(os.path.exists("shop/one.py") and os.path.exists("shop/two.py"))
"""


def built(project: Project, workshop: Workshop, files: dict[str, gitrepo.Files]) -> list[Land]:
    """Approve one task for each of `files`, have it built by hand, and return how it would land."""
    project.new()
    tasks = "# Guest cart: tasks\n\n" + "\n".join(TASK.format(name=one) for one in files)
    for name, text in [*list(DOCUMENTS.values())[:2], ("tasks.md", tasks)]:
        project.write(name, text)
        project.ok("approve", "guest", "--yes")
    change = load(workshop, "guest")
    found = []
    for task in change.tasks:
        folder = workplaces.lend(workshop, change, task)
        gitrepo.write(Path(folder), files[task.id])
        action = Build("guest", task.id, 1, change.keys[task.id], by_hand=True)
        taken = running.take_build(workshop, action, 1)
        assert taken.accepted, taken.detail
        commit = running.built(workshop, change, task)
        found.append(Land("guest", task.id, commit, change.found.tip))
    return found
