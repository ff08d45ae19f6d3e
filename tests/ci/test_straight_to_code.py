"""Nobody gets code past the check that was not agreed before it: each case in a plain clone.

The threats: T3 edit after approval, replay, rollback; T4 own key or weakened rules; T5 straight
to code; T16 edits of CI and tests to pass; T23 the check itself replaced.
"""

import json
import subprocess
from pathlib import Path

import pytest
from attrs import evolve

import forgery
import gitrepo
from accord.approvals import records
from accord.approvals.signers import Signer
from accord.approvals.trust import NAMESPACE as TRUST
from accord.approvals.trust import next_trust, read_trust
from accord.core.approval import Approval, Principal
from clones import CODE, Clone, Source
from project import STORY, TASKS

EVIL: gitrepo.Files = {"shop/cart.py": "import os\nos.system('true')\n"}
RECORDS = ".accord/approvals/guest"


def opening(clone: Clone) -> Approval:
    """Return the record that opened the change `guest`."""
    found = [records.from_bytes(path.read_bytes()) for path in (clone.top / RECORDS).glob("*.json")]
    return next(one for one in found if one.gate == "track")


def trivial(clone: Clone, signer: Signer | None) -> tuple[forgery.Tree, str]:
    """Return a forged record that opens `quick` on the trivial track, and the trailer of it."""
    details = {**opening(clone).details, "track": "trivial", "sentence": "Quick"}
    forged = evolve(opening(clone), change="quick", details=details)
    return forgery.signed(forged, signer), f"Quick\n\nSpec-Task: quick/T1@{'0' * 64}\n"


def test_t5_code_without_a_trailer(agreed: Clone) -> None:
    commit = agreed.commit(CODE, "Keep the cart")
    assert agreed.refused() == {commit: "no-task"}


def test_t5_code_of_a_change_that_was_never_approved(source: Source, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone", "opened")
    commit = clone.commit(CODE)
    assert clone.refused() == {commit: "not-agreed"}


@pytest.mark.parametrize("moment", ["story", "design"])
def test_t5_code_before_the_last_gate(source: Source, tmp_path: Path, moment: str) -> None:
    clone = source.clone(tmp_path / "clone", moment)
    commit = clone.commit(CODE)
    assert clone.refused() == {commit: "not-agreed"}


def test_t5_code_that_was_approved_afterwards(source: Source, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone", "design")
    commit = clone.commit(CODE)
    clone.git("merge", "-q", "--no-edit", source.commits["agreed"])
    assert clone.refused() == {commit: "not-agreed"}


def test_t5_code_outside_the_paths_of_the_task(agreed: Clone) -> None:
    commit = agreed.commit({"deploy/run.py": "print()\n"})
    assert agreed.refused() == {commit: "outside"}


def test_t5_code_of_a_task_that_the_change_does_not_have(agreed: Clone) -> None:
    named = agreed.trailer.replace("/T1@", "/T2@")
    commit = agreed.commit(CODE, f"Keep\n\n{named}\n")
    assert agreed.refused() == {commit: "no-task"}


def test_t5_code_of_a_change_that_is_not_there(agreed: Clone) -> None:
    named = agreed.trailer.replace(" guest/", " other/")
    commit = agreed.commit(CODE, f"Keep\n\n{named}\n")
    assert agreed.refused() == {commit: "not-agreed"}


def test_t5_code_with_a_made_up_key(agreed: Clone) -> None:
    commit = agreed.commit(CODE, f"Keep\n\nSpec-Task: guest/T1@{'a' * 64}\n")
    assert agreed.refused() == {commit: "other-key"}


def test_t3_code_of_a_task_that_was_sent_back_since(source: Source, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone", "sent-back")
    commit = clone.commit(EVIL)
    assert clone.refused() == {commit: "other-key"}


@pytest.mark.parametrize(
    "path",
    [".github/workflows/ci.yml", ".pre-commit-config.yaml", "shop/CLAUDE.md", ".gitattributes"],
)
def test_t16_an_edit_of_what_steers_the_ci_or_an_agent(agreed: Clone, path: str) -> None:
    commit = agreed.commit({path: "on: push\n"})
    found = agreed.check().said["refused"]
    assert (commit, "protected") in {(one["commit"], one["rule"]) for one in found}


def test_t5_code_together_with_documents(agreed: Clone) -> None:
    commit = agreed.commit({**CODE, "specs/guest/tasks.md": TASKS + "\nMore.\n"})
    assert agreed.refused() == {commit: "mixed"}


def test_t5_code_that_calls_itself_a_document(agreed: Clone) -> None:
    script = agreed.commit({"specs/guest/test_it.py": "print()\n"}, "Notes")
    (agreed.top / "specs/guest/notes.md").symlink_to("../../shop/cart.py")
    link = agreed.commit({}, "A link")
    path = agreed.top / "specs/guest/design.md"
    path.chmod(0o755)
    executable = agreed.commit({}, "A mode")
    assert agreed.refused() == dict.fromkeys((script, link, executable), "no-task")


def test_t5_a_merge_with_code_of_its_own(agreed: Clone) -> None:
    built = agreed.commit(CODE)
    agreed.git("switch", "-q", "--detach", agreed.fetch("main"))
    agreed.git("merge", "-q", "--no-ff", "--no-commit", built)
    gitrepo.write(agreed.top, {"shop/evil.py": "print()\n"})
    agreed.git("add", "-A")
    agreed.git("commit", "-q", "-m", "Merge")
    assert agreed.refused() == {gitrepo.head(agreed.top): "merge"}


def test_t5_a_merge_that_drops_a_side(agreed: Clone) -> None:
    built = agreed.commit(CODE)
    agreed.git("switch", "-q", "--detach", agreed.fetch("agreed"))
    agreed.commit({"shop/other.py": "X = 1\n"})
    agreed.git("merge", "-q", "--no-edit", "-s", "ours", built)
    assert agreed.refused() == {gitrepo.head(agreed.top): "merge"}


def test_t5_conflicts_resolved_by_hand_without_a_task(agreed: Clone) -> None:
    _conflict(agreed, "Resolve")
    found = agreed.check()
    assert [one["rule"] for one in found.said["refused"]] == ["merge"]
    assert agreed.source.key in found.said["refused"][0]["hint"]


def test_t5_conflicts_resolved_as_a_task_with_other_paths(agreed: Clone) -> None:
    _conflict(agreed, f"Resolve\n\n{agreed.trailer}\n", {"deploy.sh": "true\n"})
    assert agreed.rules() == {"outside"}


def test_t5_an_octopus(agreed: Clone) -> None:
    sides = []
    for name in ("a", "b"):
        agreed.git("switch", "-q", "--detach", agreed.fetch("agreed"))
        sides.append(agreed.commit({f"shop/{name}.py": "X = 1\n"}))
    agreed.git("switch", "-q", "--detach", agreed.fetch("agreed"))
    agreed.commit({"shop/c.py": "X = 1\n"})
    agreed.git("merge", "-q", "--no-edit", *sides)
    assert agreed.refused() == {gitrepo.head(agreed.top): "octopus"}


def test_t3_requirements_that_drifted_after_they_were_approved(agreed: Clone) -> None:
    agreed.commit({"specs/guest/requirements.md": STORY.replace("60", "90")}, "Edit the story")
    commit = agreed.commit(CODE)
    assert agreed.refused() == {commit: "not-agreed"}


def test_t3_paths_that_were_widened_after_they_were_approved(agreed: Clone) -> None:
    agreed.commit({"specs/guest/tasks.md": TASKS.replace("shop/**", "**")}, "Edit the tasks")
    commit = agreed.commit({"deploy.sh": "true\n"})
    assert agreed.refused() == {commit: "not-agreed"}


def test_t5_a_file_renamed_from_outside_into_the_declared_paths(agreed: Clone) -> None:
    agreed.git("mv", "pyproject.toml", "shop/pyproject.toml")
    commit = agreed.commit({})
    assert agreed.refused() == {commit: "outside"}


def test_t5_a_file_renamed_from_the_declared_paths_to_where_it_is_run(agreed: Clone) -> None:
    agreed.git("config", "diff.renames", "copies")
    agreed.git("mv", "shop/cart.py", "sitecustomize.py")
    commit = agreed.commit({})
    assert agreed.refused() == {commit: "outside"}


def test_t3_a_deleted_rejection(source: Source, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone", "sent-back")
    gone = clone.git("diff", "--name-only", source.commits["reviewed"], "--", RECORDS).splitlines()
    deleted = clone.commit(dict.fromkeys(gone), "Tidy up")
    clone.commit(EVIL)
    assert len(gone) == 2
    assert clone.refused() == {deleted: "records"}


def test_t3_a_rejection_lost_in_a_merge(source: Source, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone", "reviewed")
    clone.commit(EVIL)
    clone.git("merge", "-q", "--no-edit", "-s", "ours", source.commits["sent-back"])
    assert "records" in clone.rules()


def test_t3_a_record_that_was_changed_in_place(agreed: Clone) -> None:
    path = min((agreed.top / RECORDS).glob("*.json"))
    path.write_bytes(path.read_bytes().replace(b'"round":1', b'"round":2'))
    commit = agreed.commit({}, "Edit a record")
    assert agreed.refused() == {commit: "records"}


def test_t1_a_record_that_nobody_signed_is_refused_even_without_code(agreed: Clone) -> None:
    files, _ = trivial(agreed, None)
    commit = agreed.commit(files, "Open quick")
    assert agreed.refused() == {commit: "records"}


def test_t5_a_forged_record_of_the_trivial_track(agreed: Clone) -> None:
    files, message = trivial(agreed, forgery.key_of(agreed.top.parent / "stranger"))
    forged = agreed.commit(files, "Open quick")
    code = agreed.commit(EVIL, message)
    assert agreed.refused() == {forged: "records", code: "not-agreed"}


def test_t3_the_records_of_another_change(agreed: Clone) -> None:
    copies: forgery.Tree = {}
    for folder in (RECORDS, "specs/guest"):
        for path in (agreed.top / folder).iterdir():
            copies[f"{folder.replace('guest', 'other')}/{path.name}"] = path.read_bytes()
    copied = agreed.commit(copies, "Open other")
    code = agreed.commit(EVIL, f"Code\n\n{agreed.trailer.replace('guest', 'other')}\n")
    assert agreed.refused() == {copied: "records", code: "not-agreed"}


def test_t3_the_task_of_a_change_that_was_released_before(source: Source, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone", "reviewed")
    commit = clone.commit(EVIL)  # every approval verifies, and was for other code
    assert clone.refused(base=source.commits["reviewed"]) == {commit: "not-agreed"}


def test_t4_ones_own_key_in_the_trust_file(agreed: Clone) -> None:
    stranger = forgery.key_of(agreed.top.parent / "stranger")
    first = read_trust({"v1.json": (agreed.top / ".accord/trust/v1.json").read_bytes()})
    people = (*first.principals, Principal("mallory", (stranger.line,), ("approver", "owner")))
    data = next_trust(first, people, first.gates)
    signature = stranger.sign(data, TRUST)
    own = agreed.commit({".accord/trust/v2.json": data, ".accord/trust/v2.m.sig": signature}, "Me")
    details = {**opening(agreed).details, "track": "trivial", "sentence": "Quick"}
    forged = evolve(opening(agreed), change="quick", approver="mallory", details=details)
    opened = agreed.commit(forgery.signed(forged, stranger), "Open quick")
    code = agreed.commit(EVIL, f"Quick\n\nSpec-Task: quick/T1@{'0' * 64}\n")
    assert agreed.refused() == {own: "trust", opened: "records", code: "not-agreed"}


def test_t4_another_first_trust_file(agreed: Clone) -> None:
    stranger = forgery.key_of(agreed.top.parent / "stranger")
    path = agreed.top / ".accord/trust/v1.json"
    value = json.loads(path.read_bytes())
    value["principals"][0]["keys"] = [stranger.line]
    data = json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    commit = agreed.commit({".accord/trust/v1.json": data}, "Rotate")
    assert agreed.refused() == {commit: "trust"}


def test_t4_a_weakened_configuration(agreed: Clone) -> None:
    path = agreed.top / ".accord/config.toml"
    weak = path.read_text().replace("lines = 30", "lines = 30000")
    commit = agreed.commit({".accord/config.toml": weak}, "Allow more")
    assert agreed.refused() == {commit: "steering"}


@pytest.mark.parametrize(
    "message",
    [
        "Keep\n\n{0}\n{0}\n",
        "Keep\n\n{0}\nSpec-Task: other/T1@x\n",
        "Keep\n\n{0}\n\nThat was all.\n",
        "Keep\n\n{0}\nspec-task : {1}\n",
        "Keep\n\nSpec-Task: guest/\n {1}\n",
        "Keep\n\n{0}\n and more\n",
        "Keep\n\nSpec-Task:\n",
        "Keep\n\n{0} please\n",
        "{0}\n",
        "Keep\n\n> {0}\n",
        "Keep\n\n{0}\n\n{0}\n",
    ],
)
def test_t5_tricks_with_the_trailer(agreed: Clone, message: str) -> None:
    words = message.format(agreed.trailer, agreed.source.key.partition("/")[2])
    commit = gitrepo.commit(agreed.top, CODE)
    tree = agreed.git("rev-parse", f"{commit}^{{tree}}")
    crafted = agreed.git("commit-tree", tree, "-p", f"{commit}^", feed=words.encode())
    agreed.git("switch", "-q", "--detach", crafted)
    assert agreed.refused() == {crafted: "no-task"}


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../../etc/passwd", "cart.py/../../..", "../.git/config", "a/../b"]
)
def test_t9_a_link_that_may_leave_the_repository(agreed: Clone, target: str) -> None:
    (agreed.top / "shop/link").symlink_to(target)
    commit = agreed.commit({})
    assert agreed.refused() == {commit: "file"}


def test_t5_a_mode_changed_outside_the_declared_paths(agreed: Clone) -> None:
    (agreed.top / "conftest.py").chmod(0o755)
    commit = agreed.commit({})
    assert agreed.refused() == {commit: "outside"}


def test_t5_a_submodule_in_the_declared_paths_even_where_git_is_told_to_ignore_it(
    agreed: Clone,
) -> None:
    agreed.git("update-index", "--add", "--cacheinfo", f"160000,{agreed.fetch('main')},shop/lib")
    agreed.git("commit", "-q", "-m", f"Keep\n\n{agreed.trailer}\n")
    agreed.git("config", "diff.ignoreSubmodules", "all")
    assert agreed.refused() == {gitrepo.head(agreed.top): "file"}


def test_t17_a_name_with_what_cannot_be_seen(agreed: Clone) -> None:
    commit = agreed.commit({"shop/ca\u200brt.py": "X = 1\n"})
    assert agreed.refused() == {commit: "file"}


def test_t5_a_revert_is_code_as_well(source: Source, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone", "built")
    clone.git("revert", "--no-edit", "HEAD")
    assert clone.refused() == {gitrepo.head(clone.top): "no-task"}


def test_t5_a_history_without_a_common_commit(agreed: Clone) -> None:
    agreed.git("switch", "-q", "--orphan", "other")
    agreed.commit(CODE, "Start anew")
    assert agreed.check().exit == 2


@pytest.mark.parametrize("base", ["origin/main", "origin/main~0", "origin/main^{commit}"])
def test_t23_a_tag_named_like_the_base(agreed: Clone, base: str) -> None:
    agreed.commit(EVIL, "Straight to code")
    agreed.git("tag", "origin/main", "HEAD")
    found = agreed.check(base)
    assert found.exit == 2
    assert "could be" in found.said["error"]
    assert agreed.refused("refs/remotes/origin/main")


def test_t23_a_tag_named_like_the_full_name_or_the_id_of_the_base(agreed: Clone) -> None:
    agreed.commit(EVIL, "Straight to code")
    for name in ("refs/remotes/origin/main", agreed.fetch("main"), "HEAD"):
        agreed.git("update-ref", f"refs/tags/{name}", "HEAD")
    assert agreed.refused("refs/remotes/origin/main")
    assert agreed.refused(agreed.fetch("main"))
    assert agreed.refused("HEAD~1")
    agreed.git("update-ref", "refs/tags/refs/remotes/origin/gone", "HEAD")
    assert agreed.check("refs/remotes/origin/gone").exit == 2


def test_t23_another_trust_root_than_the_pinned_one(agreed: Clone) -> None:
    found = agreed.check(root=f"sha256:{'0' * 64}")
    assert found.exit == 1
    assert "is pinned" in found.said["error"]
    assert agreed.check(root="sha256:12").exit == 2


def _conflict(clone: Clone, message: str, more: gitrepo.Files | None = None) -> None:
    """Merge two commits of the task that changed the same line, by hand."""
    one = clone.commit(CODE)
    clone.git("switch", "-q", "--detach", clone.fetch("agreed"))
    clone.commit({"shop/cart.py": CODE["shop/cart.py"].replace("60", "61")})
    with pytest.raises(subprocess.CalledProcessError):
        clone.git("merge", "-q", one)
    clone.commit({"shop/cart.py": "MINUTES = 62\n", **(more or {})}, message)
