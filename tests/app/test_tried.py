"""An open task whose files are there is held against the tests that Accord itself ran on them."""

from contextlib import closing

import gitrepo
from accord.app import evidence
from accord.core.evidence import Result
from accord.wiring.opening import open_workshop
from project import VERIFY, Project

FOLDER = ".kiro/specs/cart"
SPEC: gitrepo.Files = {
    f"{FOLDER}/requirements.md": "### Requirement 1\n\n#### Acceptance Criteria\n\n"
    "1. WHEN a THEN the shop SHALL b\n",
    f"{FOLDER}/tasks.md": "- [ ] 1. Create shop/cart.py\n  - _Requirements: 1.1_\n",
}


def rules(project: Project) -> dict[str, str]:
    (spec,) = project.ok("check", FOLDER, "--json").json["specs"]
    return {one["rule"]: one["message"] for one in spec["findings"] if "open" in one["rule"]}


def verify(project: Project) -> Result:
    with closing(open_workshop(project.top, lambda _: "")) as workshop:
        return evidence.verify(workshop, workshop.repo.resolve("HEAD"), VERIFY).result


def test_it_passes_only_where_a_run_on_just_these_files_says_so(project: Project) -> None:
    project.unwalled()
    gitrepo.commit(project.top, SPEC)
    assert list(rules(project)) == ["there-but-open"]

    assert verify(project) is Result.PASS
    assert rules(project)["passes-but-open"].startswith(
        "T1 is open, but shop/cart.py is there and the tests pass (1 test passed: "
    )

    code = (project.top / "shop/cart.py").read_text()
    (project.top / "shop/cart.py").write_text(code + "# more\n")
    assert list(rules(project)) == ["there-but-open"]

    gitrepo.commit(project.top, {"shop/cart.py": "def keep(cart):\n    return []\n"})
    assert list(rules(project)) == ["there-but-open"]
    assert verify(project) is Result.FAIL
    assert rules(project) == {}
