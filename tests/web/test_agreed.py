"""What was agreed: decisions, corrections, drift and the living spec, as pages and forms."""

import html
import re

import gitrepo
from accord.app import asked
from accord.web.running import Server
from accord.wiring import opening
from drifting import corrected, drift, released
from project import DESIGN, TASKS, Project
from visiting import Answer, Visitor

WORDS = "Carts are kept in PostgreSQL."


def words(page: Answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).replace("&#39;", "'").split())


def confirm(project: Project, server: Server) -> str:
    """Sign what was asked for, as the terminal does."""
    wanted = server.asks.next()
    assert wanted
    workshop = opening.open_workshop(project.top, lambda _: "")
    try:
        assert asked.words(workshop, wanted.verb, wanted.change, wanted.fields) == wanted.words
        said = asked.sign(workshop, wanted.verb, wanted.change, wanted.fields)
    finally:
        workshop.close()
    server.asks.settle(wanted, "done", said)
    return said


def test_rooms_without_anything_say_how_it_begins(visitor: Visitor) -> None:
    for path, said in {
        "/decisions": "No rule is in force yet.",
        "/specs": "Nothing is promised yet.",
        "/drift": "Nothing drifted.",
        "/figures": "No correction has been kept or skipped yet.",
    }.items():
        page = visitor.get(path)
        assert page.status == 200
        assert said in words(page)


def test_drift_is_judged_by_one_key_for_exactly_what_was_shown(
    project: Project, server: Server, visitor: Visitor
) -> None:
    released(project)
    specs = words(visitor.get("/specs"))
    assert "unproven 1 holds 1" in specs
    assert "tests/test_x.py::Kept.test_r1_1" in specs
    drift(project)
    assert "2 released criteria are no longer as agreed" in words(visitor.get("/"))
    page = visitor.get("/drift")
    said = words(page)
    assert "R1.1 WHEN the card is declined THE shop SHALL keep the cart for 60 minutes." in said
    assert "was return kept, minutes * 60" in said
    assert "now return kept, minutes * 61" in said
    assert "2 released criteria are no longer as agreed, by 1 cause" in said
    assert "Drift (1)" in words(visitor.get("/specs"))

    fields = {
        "criterion": "R1.1",
        "about": "R1.2",
        "state": page.hidden("state"),
        "answer": "still-true",
    }
    stale = {**fields, "state": "0" * 64}
    assert visitor.send("/drift", "/changes/guest/verdict", stale).status == 409
    assert server.asks.next() is None
    other = {**fields, "about": "R1.3"}
    assert visitor.send("/drift", "/changes/guest/verdict", other).status == 409
    none = {name: value for name, value in fields.items() if name != "about"}
    assert "no criterion was chosen" in words(
        visitor.send("/drift", "/changes/guest/verdict", none)
    )
    odd = {**fields, "answer": "fine"}
    assert visitor.send("/drift", "/changes/guest/verdict", odd).status == 400
    late = {**fields, "answer": "waived", "reason": "later"}
    assert "needs a reason and the day" in words(
        visitor.send("/drift", "/changes/guest/verdict", late)
    )

    waits = visitor.send("/drift", "/changes/guest/verdict", fields)
    assert "Judge R1.2 of guest R1.2 is stale" in words(waits)
    assert "verdict: still-true" in words(waits)
    assert confirm(project, server) == "R1.2 of guest: still-true"
    left = project.run("check", "--drift", "--json").json["findings"]
    assert [one["criterion"] for one in left] == ["R1.1"]
    said = words(visitor.get("/drift"))
    assert "WHEN the card is declined" in said
    assert "1 released criterion is no longer as agreed" in said


def test_a_correction_is_kept_as_a_rule_from_the_page_after_the_approval(
    project: Project, server: Server, visitor: Visitor
) -> None:
    corrected(project)
    seen = visitor.get("/changes/guest").hidden("seen")
    visitor.send("/changes/guest", "/changes/guest/approve", {"seen": seen})
    approval = server.asks.next()
    assert approval
    project.ok("approve", "guest", "--seen", seen)
    server.asks.settle(approval, "done", "the design of guest: approved by robin")
    assert "You corrected 1 thing on the way." in words(visitor.get(f"/asks/{approval.id}"))

    page = visitor.get("/changes/guest/corrections")
    assert "<del>Carts are kept in Redis.</del>" in page.text
    name = re.search(r'name="answer-([^"]+)" value="new"', page.text)
    assert name
    answer = {f"answer-{name[1]}": "new", f"words-{name[1]}": f"{WORDS}\n verdict: none"}
    waits = visitor.send("/changes/guest/corrections", "/changes/guest/corrections", answer)
    assert f"D1: a new rule: {WORDS} verdict: none" in words(waits)
    assert "is in force" in confirm(project, server)
    assert "No correction waits" in words(visitor.get("/changes/guest/corrections"))
    again = visitor.send("/changes/guest", "/changes/guest/corrections", answer)
    assert again.status == 409

    listed = words(visitor.get("/decisions"))
    assert "1 decision" not in listed
    assert f"{WORDS} verdict: none in force" in listed
    figures = words(visitor.get("/figures"))
    assert "1 correction, 0 of them made before (0 %), 1 kept as a rule" in figures


def test_a_gate_shows_what_the_draft_says_of_each_rule_and_what_a_rule_asks(
    project: Project, visitor: Visitor
) -> None:
    stored = project.ok("decisions", "new", WORDS, "--base", "--json").json["id"]
    project.ok("decisions", "approve", stored, "--base", "--yes")
    asking = (
        "---\nstatement: The owner of a cart is asked.\ncheck:\n  - in: [design, implementation]\n"
        "    ask: Did you ask <them>?\n---\n"
    )
    gitrepo.commit(project.top, {".accord/decisions/ask-owner.md": asking}, "Propose")
    project.ok("decisions", "approve", "ask-owner", "--base", "--yes")
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    question = "D-2 asks: Did you ask <them>?"
    assert question in " ".join(project.ok("show", "guest").out.split())
    project.write("design.md", DESIGN + "\n## Decisions\n\n- Departs D-1: a cart may be lost\n")
    said = html.unescape(words(visitor.get("/changes/guest")))
    assert f"Decisions 1 departs D-1 departs a cart may be lost {WORDS}" in said
    assert question in said
    project.ok("approve", "guest", "--yes")
    project.write("tasks.md", TASKS)
    project.ok("approve", "guest", "--yes")
    project.build()
    assert question in " ".join(project.ok("show", "guest").out.split())
    assert question in html.unescape(words(visitor.get("/changes/guest")))


def test_a_rule_comes_into_force_and_out_of_it_by_signatures_alone(
    project: Project, server: Server, visitor: Visitor
) -> None:
    made = project.ok("decisions", "new", "Carts are kept in PostgreSQL.", "--base", "--json").json
    old = project.ok("decisions", "new", "Carts are kept in Redis.", "--base", "--json").json
    project.ok("decisions", "approve", old["id"], "--base", "--yes")
    listed = words(visitor.get("/decisions"))
    assert "1 rule in force, 1 proposed, 0 to look at again" in listed
    path = f"/decisions/{made['id']}"
    page = visitor.get(path)
    near = re.search(r'name="(near-D-1)"', page.text)
    assert near
    fields = {"change": "", "digest": page.hidden("digest"), "act": "activate",
              near[1]: "supersedes"}  # fmt: skip
    changed = {**fields, "digest": "0" * 64}
    slug = made["id"].removeprefix("D-")
    assert visitor.send(path, f"/decisions/{slug}", changed).status == 409
    waits = visitor.send(path, f"/decisions/{slug}", fields)
    assert "supersedes: D-1" in words(waits)
    assert "is in force: Carts are kept in PostgreSQL." in confirm(project, server)
    found = words(visitor.get("/decisions/D-1"))
    assert "Superseded by D-2" in found
    assert "robin: supersede" in found

    page = visitor.get("/decisions/D-2")
    gone = {"change": "", "digest": page.hidden("digest"), "act": "expire"}
    assert "needs a reason" in words(visitor.send("/decisions/D-2", "/decisions/D-2", gone))
    visitor.send("/decisions/D-2", "/decisions/D-2", {**gone, "reason": "we moved"})
    assert confirm(project, server) == "D-2 is expired: we moved"
    assert "0 rules in force" in words(visitor.get("/decisions"))
