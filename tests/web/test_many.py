"""Two hundred of everything: all of it is there, and what comes first still comes first."""

import gitrepo
from accord.core import decision_record
from accord.core.decision_record import Rule
from project import STORY, Project
from visiting import Visitor

MANY = 200


def test_two_hundred_criteria_are_all_on_the_gate_after_what_is_to_be_decided(
    project: Project, visitor: Visitor
) -> None:
    project.new()
    more = "".join(f"- R1.{n} WHEN door {n} opens THE shop SHALL ring bell {n}.\n"
                   for n in range(3, MANY + 3))  # fmt: skip
    text = STORY.replace("\n## Out of scope", f"{more}\n## Out of scope").replace(
        "## Questions\n", "## Questions\n\n- Q1 (open) Who hears the bells?\n"
    )
    project.write("requirements.md", text)
    page = visitor.get("/changes/guest").text
    assert page.count('id="item-R1.') == MANY + 2
    assert "WHEN door 177 opens THE shop SHALL ring bell 177." in page
    assert page.index('id="item-Q1"') < page.index('id="item-R1.1"')
    assert "more than is read well at once" in page


def test_two_hundred_rules_are_all_listed_and_each_has_its_page(
    project: Project, visitor: Visitor
) -> None:
    files = {}
    for n in range(MANY):
        rule = Rule(f"bell-{n}", f"D-bell-{n}", "proposed", f"Bell {n} rings at {n} o'clock.")
        files[rule.path] = decision_record.write(rule)
    gitrepo.commit(project.top, files)
    page = visitor.get("/decisions").text
    assert f"{MANY} proposed" in page
    assert page.count("data-item><") + page.count("data-item>\n") >= MANY
    assert "Bell 7 rings" in visitor.get("/decisions/D-bell-7").text
    assert visitor.get("/decisions/D-none").status == 404
