"""A person settles a conflict of two changes by the name of the requirement that was shown."""

from project import Project

MAIN = """# Cart Specification

## Purpose
The cart of a shopper is kept while the shopper is away from the shop.

## Requirements

### Requirement: Kept cart
The shop SHALL keep the cart for 60 minutes.

#### Scenario: Declined
- **WHEN** the card is declined
- **THEN** the cart is there
"""
KEPT = MAIN.partition("## Requirements\n\n")[2]
GUEST = """## ADDED Requirements

### Requirement: Guest
The shop SHALL let guests in.

#### Scenario: Come
- **WHEN** a guest comes
- **THEN** they are in
"""
LATE = "\n#### Scenario: Late\n- **WHEN** it is late\n- **THEN** they wait\n"
RENAMED = """## RENAMED Requirements

- FROM: `### Requirement: Kept cart`
- TO: `### Requirement: Held cart`

## MODIFIED Requirements

"""


def lay(project: Project, **deltas: str) -> None:
    files = {"specs/cart/spec.md": MAIN}
    for name, delta in deltas.items():
        files[f"changes/{name}/proposal.md"] = "## Why\n\nIt helps.\n"
        files[f"changes/{name}/specs/cart/spec.md"] = delta
    for name, text in files.items():
        path = project.top / "openspec" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "Two changes")


def spec(project: Project) -> str:
    return (project.top / "openspec/specs/cart/spec.md").read_text()


def test_a_clash_of_what_is_renamed_is_settled_by_the_name_that_is_shown(project: Project) -> None:
    longer = "## MODIFIED Requirements\n\n" + KEPT.replace("60", "90")
    held = KEPT.replace("Kept cart", "Held cart").replace("keep the", "keep and warm the")
    lay(project, longer=longer, held=RENAMED + held)
    project.ok("archive", "longer")
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "Archive")

    refused = project.run("archive", "held")

    assert refused.exit == 3
    assert "cart: Held cart\n  now" in refused.out
    assert "then: accord archive held --over 'Held cart'\n" in refused.err
    project.ok("archive", "held", "--over", "Held cart")
    assert held.strip() in spec(project)


def test_of_two_requirements_that_are_added_under_one_name_a_person_can_take_the_later(
    project: Project,
) -> None:
    out = GUEST.replace("let guests in", "keep guests out")
    lay(project, one=GUEST + LATE, two=out, three=out + LATE)
    project.ok("archive", "one")
    before = spec(project)

    assert project.run("archive", "two").exit == 3
    unknown = project.run("archive", "two", "--over", "Gest")
    assert (unknown.exit, "nothing of a requirement 'Gest'" in unknown.err) == (2, True)
    short = project.run("archive", "two", "--over", "Guest")
    assert (short.exit, "leaves out the scenario 'Late'" in short.err) == (1, True)
    assert spec(project) == before
    project.ok("archive", "three", "--over", "Guest")
    assert spec(project) == before.replace("let guests in", "keep guests out")
