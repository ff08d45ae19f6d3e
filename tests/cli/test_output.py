"""What the person sees, whole, of everything but the screen of a gate."""

import re
from pathlib import Path

from inline_snapshot import snapshot

from project import Project
from screens import seen


def test_setting_up(tmp_path: Path, project: Project) -> None:
    project.git("rm", "-q", "-r", ".accord", ".gitattributes")
    project.git("commit", "-q", "-m", "Without Accord")
    assert seen(project, "init", "--name", "robin") == snapshot("""\
Accord is set up on main as HASH; robin may approve
key:    ROOT/config/accord/projects/ID.key
        SHA256:KEY
trust:  HASH, pinned on this machine
verify: python -m pytest -q
next:   accord new 'what you want'
""")


def test_beginning_a_full_change(project: Project) -> None:
    assert seen(project, "new", "Let guests keep their cart") == snapshot("""\
let-guests-keep-their-cart begins on the full track: nothing says that it is
small
documents: STATE/desks/let-guests-keep-their-cart
next: accord run let-guests-keep-their-cart
""")


def test_beginning_a_change_on_another_track(project: Project) -> None:
    out = seen(project, "new", "Let guests reset their password by mail", "--track", "trivial")
    assert out == snapshot("""\
let-guests-reset-their-password begins on the trivial track (proposed: full,
'password' names a risk)
next: accord run let-guests-reset-their-password
""")


def test_status_with_nothing_to_do(project: Project) -> None:
    assert seen(project, "status") == snapshot("""\
nothing waits
  accord new 'what you want'
""")


def test_status_with_changes_at_different_stages(project: Project) -> None:
    project.new("full", "blank")
    project.approve_spec("guest", last="story")
    project.approve_spec("built-by-hand")
    project.new("trivial", "a-long-name-" * 3)
    assert seen(project, "status") == snapshot("""\
a-long-name-a-long-name-a-long-name-: build T1: Keep the cart of a guest
  accord run a-long-name-a-long-name-a-long-name- --built T1

  CHANGE         TRACK    STAGE           WAITS FOR
  a-long-name-a-long-name-a-long-name-
                 trivial  review          build T1: Keep the cart of a guest
  blank          full     story           write requirements.md
  built-by-hand  full     implementation  build T1: Keep the cart on decline
  guest          full     design          write design.md
""")


def test_a_change_that_is_released(project: Project) -> None:
    project.approve_spec(track="small")
    assert project.build().exit == 0
    assert seen(project, "approve", "--yes") == snapshot("""\
review: approved by robin (record HASH)
next: accord run guest
""")
    assert seen(project, "run") == snapshot("""\
guest is released
  guest release: is landing on main
  guest release: on main as HASH
""")
    assert seen(project, "status") == snapshot("""\
nothing waits
  accord new 'what you want'

released: guest
""")
    assert seen(project, "log") == snapshot("""\
   9 TIME Robin: close guest its branch is part of the base
     heads/accord/guest HASH8..gone
   8 TIME Robin: release guest Guest cart
     heads/main HASH8..HASH8
   7 TIME Robin: approve guest review
     heads/accord/guest HASH8..HASH8
   6 TIME Robin: land guest T1
     heads/accord/guest HASH8..HASH8
   5 TIME Robin: build guest T1
     accord/tasks/guest/T1 new..HASH8
   4 TIME Robin: approve guest story
     heads/accord/guest HASH8..HASH8
   3 TIME Robin: edit guest requirements.md
     heads/accord/guest HASH8..HASH8
   2 TIME Robin: new guest Keep the cart of a guest
     heads/accord/guest new..HASH8
   1 TIME Robin: init main
     heads/main HASH8..HASH8
""")


def test_the_doctor(project: Project) -> None:
    project.new()
    text = re.sub(r":\s+(STATE|ROOT)", r": \1", seen(project, "doctor"))
    text = re.sub(r"(?m)^ok      (python|git|verify): .*$", r"ok      \1: ...", text)
    # Which box a machine can have is its own; tests/sandbox says what is told of each.
    text = re.sub(r"(?m)^.{8}(wall|gap|bubblewrap|landlock): .*\n( {8}.*\n)*", "", text)
    assert text == snapshot("""\
ok      python: ...
ok      git: ...
ok      repository: ROOT/shop
ok      state: STATE
ok      trust: version 1: robin
ok      key: ROOT/config/accord/projects/ID.key
ok      verify: ...
note    agent: none is set; people write and build, Accord keeps the gates
""")


def test_a_template(project: Project) -> None:
    project.new("small")
    assert seen(project, "show", "--template") == snapshot("""\
# Keep the cart of a guest

Keep the cart of a guest

## Questions

## Assumptions

## Requirements

### R1 <<what this part is about>>

As a <<who>>, I want <<what>>, so that <<why>>.

- R1.1 WHEN <<event>> THE <<system>> SHALL <<observable result>>.

## Tasks

- [ ] T1 <<what one agent does>>
  - Satisfies: R1.1
  - Touches: <<paths, as in src/cart/**, tests/cart/**>>
  - After: -
  - Verify: python -m unittest discover -s tests -t .

## Out of scope
""")
