"""What was released and is no longer so, and what a person corrected on the way."""

import gitrepo
from project import DESIGN, Project
from script_play import DESIGN_AT, play

CODE = "def keep(cart, minutes=60):\n    kept = list(cart)\n    return kept, minutes * {}\n"
TEST = """\
import unittest


class Kept(unittest.TestCase):
    def test_r1_1(self):
        self.assertTrue(True)
"""


def released(project: Project) -> None:
    """Release a change whose criteria are bound to code and to a test."""
    project.approve_spec(track="small")
    files = {"shop/until.py": CODE.format(60), "tests/test_x.py": TEST}
    assert project.build(files=files).exit == 0
    project.ok("approve", "guest", "--yes", "--through", "release")
    project.ok("run", "guest")


def drift(project: Project) -> None:
    """Change on the base what the criteria of the released change are bound to."""
    gitrepo.commit(project.top, {"shop/until.py": CODE.format(61)})


def drifted(project: Project) -> None:
    """Release a change, and change on the base what its criteria are bound to."""
    released(project)
    drift(project)


def corrected(project: Project, change: str = "guest") -> None:
    """Have an agent draft a design, and correct it."""
    project.approve_spec(change, last="story")
    at = DESIGN_AT.replace("guest", change)
    draft = DESIGN + "\nCarts are kept in Redis.\n"
    project.run("run", change, "--script", str(play(project, ("Stage: design", at, draft))))
    text = project.file(f"accord/{change}", at).decode()
    project.write("design.md", text.replace("Redis", "PostgreSQL"), change)
