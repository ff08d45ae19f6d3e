"""The screen of a gate at each stage, whole: what is asked, what changed, what is known."""

from inline_snapshot import snapshot

from project import DESIGN, STORY, TASKS, Project
from screens import normal, seen

ASKING = STORY.replace(
    "## Questions\n\n## Assumptions\n",
    "## Questions\n\n- Q1 (open) May a guest come back later, and if so for how long, and "
    "with which card?\n\n## Assumptions\n\n- A1 (low) Carts are small.\n"
    "- A2 (high) Carts are kept for 24 months.\n",
).replace("for 60 minutes", "quickly")


def test_a_story_that_is_yet_to_be_written(project: Project) -> None:
    project.new()
    assert seen(project, "show") == snapshot("""\
guest: Keep the cart of a guest
full track: nothing says that it is small

  → story          nobody has approved it yet
    design         the story gate is not open
    architecture   the story gate is not open
    implementation the story gate is not open
    review         the story gate is not open
    release        the story gate is not open

requirements.md is yet to be written; accord show --template prints its shape

documents: STATE/desks/guest
next: write requirements.md
""")
    assert seen(project, "run") == snapshot("""\
guest waits for you: write requirements.md
  in STATE/desks/guest
  accord show guest
""")


def test_a_story_with_questions_and_findings(project: Project) -> None:
    project.new()
    project.write("requirements.md", ASKING)
    assert seen(project, "show") == snapshot("""\
guest: Guest cart
full track: nothing says that it is small

  → story          nobody has approved it yet
    design         the story gate is not open
    architecture   the story gate is not open
    implementation the story gate is not open
    review         the story gate is not open
    release        the story gate is not open

To answer
  Q1 May a guest come back later, and if so for how long, and with which card?
  A2 (high risk) Carts are kept for 24 months.
  A1 (low risk) Carts are small.

To decide
  requirements.md (added)
    # Guest cart
    The cart of a guest survives a declined card.
    ## Questions
    ## Assumptions
    ## Requirements
    ## Out of scope
  Q1 (added)
    - Q1 (open) May a guest come back later, and if so for how long, and with
      which card?
  A1 (added)
    - A1 (low) Carts are small.
  A2 (added)
    - A2 (high) Carts are kept for 24 months.
  R1 (added)
    ### R1 Keep the cart
    As a guest, I want to keep my cart, so that I can pay again.
  R1.1 (added)
    - R1.1 WHEN the card is declined THE shop SHALL keep the cart quickly.
  R1.2 (added)
    - R1.2 WHEN the cart is kept THE shop SHALL say until when.

Findings
  requirements.md:20:1 warns: 'quickly' can be read in more than one way
    hint: say how much, how soon or which

documents: STATE/desks/guest
next: answer Q1, A1, A2
  accord answer guest Q1 '...'
""")


def test_a_story_that_waits_for_answers(project: Project) -> None:
    project.new()
    asking = STORY.replace("## Assump", "- Q1 (open) Why?\n- Q2 (open) When?\n\n## Assump")
    project.write("requirements.md", asking)
    assert seen(project, "run") == snapshot("""\
guest waits for you: answer Q1, Q2
  accord answer guest Q1 '...'
""")


def test_a_story_that_is_ready(project: Project) -> None:
    project.new()
    project.write("requirements.md", STORY)
    assert seen(project, "show") == snapshot("""\
guest: Guest cart
full track: nothing says that it is small

  → story          nobody has approved it yet
    design         the story gate is not open
    architecture   the story gate is not open
    implementation the story gate is not open
    review         the story gate is not open
    release        the story gate is not open

To decide
  requirements.md (added)
    # Guest cart
    The cart of a guest survives a declined card.
    ## Questions
    ## Assumptions
    ## Requirements
    ## Out of scope
  R1 (added)
    ### R1 Keep the cart
    As a guest, I want to keep my cart, so that I can pay again.
  R1.1 (added)
    - R1.1 WHEN the card is declined THE shop SHALL keep the cart for 60
      minutes.
  R1.2 (added)
    - R1.2 WHEN the cart is kept THE shop SHALL say until when.

documents: STATE/desks/guest
next: approve the story
  accord approve guest --seen HASH
""")
    assert seen(project, "approve", "--yes") == snapshot("""\
story: approved by robin (record HASH)
next: accord run guest
""")


def test_a_story_that_changed_since_it_was_approved(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("requirements.md", STORY.replace("60 minutes", "61 minutes or more"))
    assert seen(project, "show") == snapshot("""\
guest: Guest cart
full track: nothing says that it is small

  → story          changed since it was approved: R1.1
    design         the story gate is not open
    architecture   the story gate is not open
    implementation the story gate is not open
    review         the story gate is not open
    release        the story gate is not open

To decide (3 more are as robin approved them on DATE)
  R1.1 (changed)
    - R1.1 WHEN the card is declined THE shop SHALL keep the cart for
    [-60-][+61+] [-minutes.-][+minutes or more.+]

documents: STATE/desks/guest
next: approve the story
  accord approve guest --seen HASH
""")


def test_a_design_that_is_ready(project: Project) -> None:
    project.approve_spec(last="story")
    project.write("design.md", DESIGN)
    assert seen(project, "show") == snapshot("""\
guest: Guest cart
full track: nothing says that it is small

  ✓ story          approved by robin
  → design         nobody has approved it yet
    architecture   the design gate is not open
    implementation the design gate is not open
    review         the design gate is not open
    release        the design gate is not open

To decide
  design.md (added)
    # Guest cart: design
  D1 (added)
    ## D1 Minutes beside the cart
    Satisfies: R1.1, R1.2
    The cart gets a number of minutes.

documents: STATE/desks/guest
next: approve the design
  accord approve guest --seen HASH
""")


def test_tasks_that_are_ready(project: Project) -> None:
    project.approve_spec(last="design")
    second = "- [ ] T2 Say until when\n  - Satisfies: R1.2\n  - Touches: shop/**\n  - After: T1\n"
    project.write("tasks.md", TASKS + second)
    assert seen(project, "show") == snapshot("""\
guest: Guest cart
full track: nothing says that it is small

  ✓ story          approved by robin
  ✓ design         approved by robin
  → architecture   nobody has approved it yet
    implementation the architecture gate is not open
    review         the architecture gate is not open
    release        the architecture gate is not open

To decide
  tasks.md (added)
    # Guest cart: tasks
  T1 (added)
    - [ ] T1 Keep the cart on decline
      - Satisfies: R1.1, R1.2
      - Touches: shop/**, tests/**
      - After: -
  T2 (added)
    - [ ] T2 Say until when
      - Satisfies: R1.2
      - Touches: shop/**
      - After: T1

Tasks: T1 then T2

documents: STATE/desks/guest
next: approve the architecture
  accord approve guest --seen HASH
""")


def test_a_task_built_by_hand_and_released(project: Project) -> None:
    project.approve_spec(track="small")
    assert seen(project, "run") == snapshot("""\
guest waits for you: build T1: Keep the cart on decline
  in STATE/worktrees/guest-T1-by-hand
  accord run guest --built T1
""")
    assert normal(project, project.build().said) == snapshot("""\
guest waits for you: approve the review
  accord approve guest
  guest T1: is being built
  guest T1: 2 tests passed: python -m unittest discover -s tests -t .
  guest T1: is landing
  guest T1: landed
  guest evidence: is being gathered
  guest evidence: gathered
""")
    assert seen(project, "show") == snapshot("""\
guest: Guest cart
small track: chosen by robin (proposed: full, nothing says that it is small)

  ✓ story          approved by robin
  · design         the small track has no design gate
  · architecture   the small track has no architecture gate
  · implementation the small track has no implementation gate
  → review         nobody has approved it yet
  · release        the small track has no release gate

Tasks: T1
  T1 Keep the cart on decline (landed)
     touches shop/**, tests/**
     proved by python -m unittest discover -s tests -t .

Changed: 2 files (git diff HASH HASH)
  shop/cart.py (3 lines)
  tests/test_minutes.py (8 lines)

Evidence, from runs that Accord made on a fresh checkout
  R1.1 claimed: 2 tests passed: python -m unittest discover -s tests -t .;
     test_r1_1_keeps_for_an_hour fails when MINUTES has another value
  R1.2 claimed: 2 tests passed: python -m unittest discover -s tests -t .; no
     test names it

documents: STATE/desks/guest
next: approve the review
  accord approve guest --seen HASH
""")


def test_a_rejection(project: Project) -> None:
    project.approve_spec(last="story")
    reason = "an hour is too long for a shop in which things are sold out within minutes"
    assert seen(project, "reject", "--stage", "story", "--reason", reason) == snapshot("""\
sent the story of guest back (record HASH)
next: accord run guest
""")
    assert seen(project, "show") == snapshot("""\
guest: Guest cart
full track: nothing says that it is small

  → story          robin sent it back: an hour is too long for a shop in which
                   things are sold out within minutes
    design         the story gate is not open
    architecture   the story gate is not open
    implementation the story gate is not open
    review         the story gate is not open
    release        the story gate is not open

To decide
  requirements.md (as it was)
  R1 (as it was)
  R1.1 (as it was)
  R1.2 (as it was)

documents: STATE/desks/guest
next: revise requirements.md
""")
