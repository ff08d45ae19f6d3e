"""Each kind of check: fires on its Wrong example, is silent on its Right one, and says where."""

import pytest
from attrs import evolve

from accord.core import decision_checks
from accord.core.decision_checks import Subject, Text, changed_text, run, unproved, verified
from accord.core.model import Stage
from rules import rule

LINES = {"shop/cart.py": 40, "docs/a.md": 3}
FORBID = ("check:", "  - in: [design]", "    forbid: '(?i)\\bmysql\\b'")

KINDS = {
    "forbid": (FORBID, "Rows lie in MySQL.", "Rows lie in PostgreSQL."),
    "require": (("check:", "  - require: 'by hand'", "    when: release"),
                "The release is made.", "The release is made by hand."),
    "pair": (("check:", "  - pair: Reactor", "    needs: Proactor"),
             "The Reactor stops.", "The Reactor and the Proactor stop."),
    "trace": (("check:", "  - in: [story]", "    trace: 'R\\d+\\.\\d+'", "    to: architecture"),
              "R1.1 is kept.", "R1.1 is kept. T1 satisfies R1.1."),
    "exists": (("check:", "  - exists: paths"), "Edit shop/basket.py.", "Edit shop/cart.py."),
    "lines": (("check:", "  - exists: lines"), "See shop/cart.py:99.", "See shop/cart.py:9."),
    "cover": (("check:", "  - cover: [Postgres, SQLite, MySQL]"),
              "It runs on Postgres and SQLite.", "It runs on Postgres, SQLite and MySQL."),
    "only_paths": (("check:", "  - in: [architecture, implementation]",
                    "    only_paths: ['shop/**']"),
                   "Edit docs/a.md.", "Edit shop/cart.py."),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_check_proves_itself_on_its_examples(kind: str) -> None:
    lines, wrong, right = KINDS[kind]
    body = f"Wrong: {wrong}\nRight: {right}\n"
    assert unproved(rule("a", "Do it.", *lines, body=body), LINES.get) == ()
    backwards = rule("a", "Do it.", *lines, body=f"Wrong: {right}\nRight: {wrong}\n")
    reasons = unproved(backwards, LINES.get)
    assert any("does not fire on the Wrong example" in one for one in reasons)
    assert any("fires on the Right example" in one for one in reasons)


def test_a_check_without_examples_is_unproved_and_a_question_needs_none() -> None:
    assert unproved(rule("a", "Do it.", *FORBID)) == (
        "check 1 (forbid) needs the lines Wrong: and Right: to prove itself on",
    )
    assert unproved(rule("a", "Do it.", "check:", "  - ask: Is it?")) == ()


def texts(**by_stage: str) -> Subject:
    names = {"story": "requirements.md", "design": "design.md", "architecture": "tasks.md"}
    return Subject({Stage(one): [Text(names[one], text)] for one, text in by_stage.items()},
                   LINES.get)  # fmt: skip


def hits(subject: Subject, *lines: str) -> list[tuple[str, int, str]]:
    found = run([rule("a", "Do it.", *lines)], subject)
    return [(one.path, one.line, one.message) for one in found]


def test_a_forbidden_word_is_found_with_its_line_in_its_stage_alone() -> None:
    subject = texts(story="MySQL?\n", design="# Design\n\nUse MySQL here.\n")
    assert hits(subject, *FORBID) == [("design.md", 3, "'MySQL'")]
    assert hits(subject, *FORBID, "    unless: here") == []


def test_one_document_that_stands_for_two_stages_is_told_once() -> None:
    one = [Text("requirements.md", "Rows lie in MySQL.\n")]
    subject = Subject({Stage.STORY: one, Stage.ARCHITECTURE: one})
    assert hits(subject, "check:", "  - forbid: MySQL") == [("requirements.md", 1, "'MySQL'")]


def test_ids_are_traced_to_the_documents_that_have_to_cite_them_and_back() -> None:
    lines = KINDS["trace"][0]
    assert hits(texts(story="R1.1 and R1.2\n", architecture="R1.1, R9.9\n"), *lines) == [
        ("requirements.md", 1, "R1.2 is not cited in the architecture"),
        ("tasks.md", 1, "R9.9 is cited and stands nowhere"),
    ]
    assert hits(texts(story="R1.1 and R1.2\n"), *lines) == []


def test_what_is_to_be_made_need_not_exist_yet() -> None:
    text = "Edit shop/new.py, add shop/more.py (new), see https://shop.example/a.html\n"
    subject = Subject({Stage.DESIGN: [Text("design.md", text)]}, LINES.get, {}, ["shop/n*.py"])
    assert hits(subject, "check:", "  - exists: paths") == []
    subject = Subject({Stage.DESIGN: [Text("design.md", "Edit shop/new.py and shop/cart.py:41\n")]},
                      LINES.get)  # fmt: skip
    assert [said for _, _, said in hits(subject, "check:", "  - exists: paths")] == [
        "shop/new.py does not exist", "shop/cart.py has 40 lines, so no line 41",
    ]  # fmt: skip


def test_touched_paths_stay_inside() -> None:
    subject = Subject({}, touched={Stage.ARCHITECTURE: ["shop/**", "docs/**"],
                                   Stage.IMPLEMENTATION: ["docs/b.md"]},
                      places={Stage.ARCHITECTURE: "tasks.md"})  # fmt: skip
    assert hits(subject, *KINDS["only_paths"][0]) == [
        ("tasks.md", 1, "docs/** lies outside shop/**"),
        ("docs/b.md", 1, "docs/b.md lies outside shop/**"),
    ]


def test_of_code_only_what_the_change_wrote_is_judged_and_only_where_the_rule_looks() -> None:
    before, after = "import mysql\nx = 1\n", "import mysql\nx = 2\nimport mysql.more\n"
    code = changed_text("shop/db.py", before, after)
    subject = Subject({Stage.IMPLEMENTATION: [code]})
    lines = ("check:", "  - forbid: 'import mysql'")
    assert hits(subject, *lines) == [("shop/db.py", 3, "'import mysql'")]
    assert hits(subject, "paths: [docs/**]", *lines) == []


def test_a_rule_is_verified_only_by_a_check_that_looked_and_found_nothing() -> None:
    ruled = rule("a", "Do it.", *FORBID)
    clean, dirty = texts(design="PostgreSQL\n"), texts(design="MySQL\n")
    assert verified(ruled, clean, run([ruled], clean))
    assert not verified(ruled, dirty, run([ruled], dirty))
    elsewhere = texts(story="A story\n")
    assert not verified(ruled, elsewhere, run([ruled], elsewhere))
    assert not verified(rule("b", "Do it."), clean, ())


def test_what_compares_two_stages_or_paths_verifies_nothing_before_they_are_there() -> None:
    traced, inside = (rule("a", "Do it.", *KINDS[kind][0]) for kind in ("trace", "only_paths"))
    story = texts(story="R1.1 is a criterion.\n", design="D1\n")
    assert not verified(traced, story, run([traced], story))
    planned = texts(story="R1.1\n", architecture="R1.1\n")
    assert verified(traced, planned, run([traced], planned))
    assert not verified(inside, planned, run([inside], planned))
    touching = evolve(planned, touched={Stage.ARCHITECTURE: ["shop/cart.py"]})
    assert verified(inside, touching, run([inside], touching))


def test_questions_and_commands_are_listed_and_never_fire_on_texts() -> None:
    ruled = rule("a", "Do it.", "check:", "  - ask: Is it?", "  - command: make lint")
    assert hits(texts(design="x")) == []
    assert [check.value for _, check in decision_checks.questions([ruled], Stage.DESIGN)] == [
        "Is it?"
    ]
    assert [check.value for _, check in decision_checks.commands([ruled])] == ["make lint"]
