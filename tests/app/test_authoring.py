"""Begin a change, and answer what its documents ask."""

import pytest

import forgery
import gitrepo
from project import STORY, Project

ASKING = STORY.replace(
    "## Questions\n\n## Assumptions\n",
    "## Questions\n\n- Q1 (open) May a guest come back later?\n- Q2 (open) In which shops?\n\n"
    "## Assumptions\n\n- A1 (high) Carts are kept for 24 months.\n",
)


def begun(project: Project, *arguments: str) -> dict[str, str]:
    answer: dict[str, str] = project.ok("new", *arguments, "--json").json
    return answer


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("Keep the cart of a guest", "keep-cart-guest"),
        ("  Let a guest\n pay   again ", "let-guest-pay-again"),
        ("Zażółć gęślą jaźń", "zazoc-gesla-jazn"),
        ("日本語だけ", "change"),
        ("../../etc/passwd && rm -rf /", "etc-passwd-rm-rf"),
        ("a " + "very " * 40 + "long sentence", "very-very-very-very-very"),
        ("the of and", "change"),
    ],
)
def test_a_change_is_named_after_its_sentence(project: Project, sentence: str, name: str) -> None:
    assert begun(project, sentence)["change"] == name
    assert f"refs/heads/accord/{name}" in project.refs()


def test_a_second_change_with_the_same_sentence_has_another_name(project: Project) -> None:
    names = [begun(project, "Fix the cart")["change"] for _ in range(3)]
    assert names == ["fix-cart", "fix-cart-2", "fix-cart-3"]


def test_a_name_that_is_taken_is_refused(project: Project) -> None:
    project.new()
    refs = project.refs()
    result = project.run("new", "Something else", "--name", "guest")
    assert result.exit == 2
    assert "there is a change guest already" in result.err
    assert project.refs() == refs


@pytest.mark.parametrize("name", ["Guest", "-x", "../x", "a b", "é", "x" * 61, "a/b", "--"])
def test_a_name_that_could_be_something_else_is_refused(project: Project, name: str) -> None:
    refs = project.refs()
    result = project.run("new", "Something else", f"--name={name}")
    assert result.exit == 2
    assert "cannot be a name" in result.err
    assert project.refs() == refs


@pytest.mark.parametrize("sentence", ["", "  \n "])
def test_a_change_without_a_sentence_is_refused(project: Project, sentence: str) -> None:
    assert project.run("new", sentence).exit == 2


@pytest.mark.parametrize(
    ("arguments", "track", "because"),
    [
        (("Mend a typo in the readme",), "trivial", "'typo' names no behaviour"),
        (("Fix the crash on an empty cart",), "small", "'Fix' names one behaviour"),
        (("Let guests reset their password",), "full", "'password' names a risk"),
        (("Something new",), "full", "nothing says that it is small"),
        (("Mend a typo", "--touches", "src/auth/login.py"), "full", "**/auth/** marks as risky"),
        (("Something new", "--files", "2", "--lines", "9"), "trivial", "2 files and 9 lines"),
        (("Something new", "--files", "50"), "full", "more than a small change"),
    ],
)
def test_a_track_is_proposed_with_its_reason(
    project: Project, arguments: tuple[str, ...], track: str, because: str
) -> None:
    opened = begun(project, *arguments)
    assert opened["track"] == opened["proposed"] == track
    assert because in opened["because"]
    shown = project.show(opened["change"])
    assert (shown["track"], shown["because"]) == (track, opened["because"])


def test_an_override_of_the_track_is_in_the_signed_record(project: Project) -> None:
    opened = begun(project, "Let guests reset their password", "--track", "trivial")
    assert (opened["track"], opened["proposed"]) == ("trivial", "full")
    (record,) = forgery.approvals(project, opened["change"])
    assert record.approver == "robin"
    assert record.details["track"] == "trivial"
    assert record.details["proposed"] == "full"
    assert record.details["because"] == "'password' names a risk"
    assert record.details["sentence"] == "Let guests reset their password"
    out = project.ok("new", "Let guests reset their passwords", "--track", "small").out
    assert "on the small track (proposed: full, 'passwords' names a risk)" in " ".join(out.split())


def test_a_trivial_change_meets_no_document(project: Project) -> None:
    opened = begun(project, "Mend a typo in the readme")
    assert opened["folder"] == ""
    assert not project.git("ls-tree", "-r", "--name-only", f"accord/{opened['change']}", "specs")
    assert project.ok("run", "--json").json["waits"][0]["what"].startswith("build T1: Mend a typo")


def test_a_small_change_has_one_document_with_its_tasks(project: Project) -> None:
    opened = begun(project, "Fix the crash on an empty cart")
    branch = f"accord/{opened['change']}"
    assert project.git("ls-tree", "-r", "--name-only", branch, "specs").split("/")[-1] == (
        "requirements.md"
    )
    template = project.ok("show", "--template").out
    assert "## Tasks" in template
    assert "SHALL" in template


def test_here_uses_the_branch_that_is_checked_out(project: Project) -> None:
    project.git("switch", "-q", "-c", "feature")
    project.new("full", "guest", "--here")
    assert "refs/heads/accord/guest" not in project.refs()
    assert project.desk() == project.top / "specs/guest"
    assert (project.top / "specs/guest/requirements.md").is_file()
    assert project.git("status", "--short") == ""
    project.write("requirements.md", STORY)
    project.ok("approve", "--yes")
    assert project.gates()["story"] == "open"
    assert project.git("status", "--short") == ""
    assert project.file("feature", "specs/guest/requirements.md").decode() == STORY


def test_here_with_edits_of_the_persons_leaves_them_alone(project: Project) -> None:
    project.git("switch", "-q", "-c", "feature")
    gitrepo.write(project.top, {"shop/cart.py": "half done\n", "notes.txt": "mine\n"})
    project.new("full", "guest", "--here")
    assert (project.top / "shop/cart.py").read_text() == "half done\n"
    assert project.git("status", "--short").split("\n") == [" M shop/cart.py", "?? notes.txt"]


def test_here_is_refused_on_the_base_branch(project: Project) -> None:
    refs = project.refs()
    result = project.run("new", "Something new", "--here")
    assert result.exit == 1
    assert "main holds only what was released" in result.err
    assert project.refs() == refs


def test_here_is_refused_on_the_branch_of_another_change(project: Project) -> None:
    project.new("full", "first")
    project.git("switch", "-q", "accord/first")
    result = project.run("new", "Something new", "--here")
    assert result.exit == 1
    assert "accord/first is the branch of another change" in result.err


def test_answers_are_written_into_the_document(project: Project) -> None:
    project.new()
    project.write("requirements.md", ASKING)
    assert project.ok("answer", "guest", "Q1", "Yes,", "within", "a", "day.").out.startswith("Q1")
    project.ok("answer", "A1", "12 months")
    project.ok("answer", "Q2", "in all\nof them")
    text = (project.desk() / "requirements.md").read_text()
    assert "- Q1 (answered) May a guest come back later?\n  - Answer: Yes, within a day.\n" in text
    assert "- Q2 (answered) In which shops?\n  - Answer: in all of them\n" in text
    assert "- A1 (high, corrected) Carts are kept for 24 months.\n  - Correction: 12 months" in text
    assert project.file("accord/guest", "specs/guest/requirements.md").decode() == text
    assert not [note for note in project.show()["notes"] if note["open"]]
    project.ok("approve", "--yes")


@pytest.mark.parametrize("yes", ["yes", "Y", "ok.", "Accepted!"])
def test_an_assumption_is_accepted_with_a_yes(project: Project, yes: str) -> None:
    project.new()
    project.write("requirements.md", ASKING)
    project.ok("answer", "A1", yes)
    (note,) = [note for note in project.show()["notes"] if note["id"] == "A1"]
    assert (note["standing"], note["answer"]) == ("accepted", "")


def test_an_answer_can_be_given_anew(project: Project) -> None:
    project.new()
    project.write("requirements.md", ASKING)
    project.ok("answer", "Q1", "no")
    project.ok("answer", "Q1", "yes, within a day")
    (note,) = [note for note in project.show()["notes"] if note["id"] == "Q1"]
    assert note["answer"] == "yes, within a day"
    assert (project.desk() / "requirements.md").read_text().count("Answer:") == 1


@pytest.mark.parametrize(
    ("words", "said", "hint"),
    [
        (("Q9", "yes"), "guest has no question or assumption Q9", "there is: Q1, Q2, A1"),
        (("Q1",), "say which question or assumption", "accord answer my-change Q1"),
        (("guest", "Q1", " "), "Q1 needs an answer", "accord answer Q1"),
        (("yes", "no"), "say which question or assumption", "accord answer my-change Q1"),
        (("other", "Q1", "yes"), "there is no change called other", "there is: guest"),
    ],
)
def test_an_answer_to_nothing_is_refused(
    project: Project, words: tuple[str, ...], said: str, hint: str
) -> None:
    project.new()
    project.write("requirements.md", ASKING)
    refs = project.refs()
    result = project.run("answer", *words)
    assert result.exit == 2
    assert said in result.err
    assert hint in result.err
    assert project.refs() == refs


def test_an_open_question_keeps_the_gate_shut(project: Project) -> None:
    project.new()
    project.write("requirements.md", ASKING)
    result = project.run("approve", "--yes")
    assert result.exit == 1
    assert "Q1 is open: May a guest come back later? (and 2 more)" in result.err
    waits = project.ok("run", "guest", "--json").json["waits"]
    assert waits[0]["what"] == "answer Q1, Q2, A1"
    assert waits[0]["command"] == "accord answer guest Q1 '...'"


def test_a_change_stepped_up_begins_its_documents(project: Project) -> None:
    project.new("trivial")
    said = project.ok("approve", "guest", "--track", "small", "--waive", "it grew").out
    assert "guest is on the small track now" in said
    shown = project.show()
    assert (shown["track"], shown["because"], shown["stage"]) == ("small", "it grew", "story")
    assert (project.desk() / "requirements.md").is_file()
    assert project.run("approve", "guest", "--track", "small").exit == 1


def test_a_small_change_stepped_up_keeps_what_was_approved(project: Project) -> None:
    project.approve_spec(track="small")
    project.ok("approve", "guest", "--track", "full")
    gates = project.gates()
    assert (gates["story"], gates["design"], gates["implementation"]) == ("open", "early", "shut")
    assert project.show()["because"] == "chosen by Robin"


@pytest.mark.parametrize("name", ["José García", "李雷", "O'Brien; rm -rf", "robin"])
def test_whoever_sets_it_up_is_named_as_git_names_them(project: Project, name: str) -> None:
    project.git("config", "user.name", name)
    project.git("rm", "-q", "-r", ".accord")
    project.git("commit", "-q", "-m", "Without Accord")
    project.ok("init")
    project.new()
    project.write("requirements.md", STORY)
    project.ok("approve", "--yes")
    assert project.gates()["story"] == "open"


CHOICES = ASKING.replace("later?", "later? [yes, after a check | never]")


def test_a_choice_is_answered_by_its_number(project: Project) -> None:
    project.new()
    project.write("requirements.md", CHOICES)
    assert "Q1 May a guest come back later?\n     1 yes, after a check\n     2 never\n" in (
        project.ok("show", "guest").out
    )
    assert "Q1 answered: never" in project.ok("answer", "guest", "Q1", "--choose", "2").out
    said = (project.desk() / "requirements.md").read_text()
    assert "later? [yes, after a check | never]\n  - Answer: never\n" in said


@pytest.mark.parametrize(("arguments", "words"), [
    (["Q1", "--choose", "3"], "Q1 has 2 choices"),
    (["Q1", "--choose", "0"], "Q1 has 2 choices"),
    (["Q2", "--choose", "1"], "Q2 has no choices"),
    (["Q1", "never", "--choose", "2"], "say which question or assumption, and the answer"),
    (["Q7", "--choose", "1"], "guest has no question or assumption Q7"),
])  # fmt: skip
def test_a_choice_that_is_not_there_writes_nothing(
    project: Project, arguments: list[str], words: str
) -> None:
    project.new()
    project.write("requirements.md", CHOICES)
    refused = project.run("answer", "guest", *arguments)
    assert refused.exit == 2
    assert words in refused.said
    assert (project.desk() / "requirements.md").read_text() == CHOICES
