"""What an empty document looks like; `<<...>>` marks what a person or an agent has yet to write."""

from accord.core.model import DESIGN, REQUIREMENTS, TASKS, Stage, Track

PLACEHOLDER = "<<"

_STORY = """\
# {title}

{sentence}

## Questions

## Assumptions

## Requirements

### R1 <<what this part is about>>

As a <<who>>, I want <<what>>, so that <<why>>.

- R1.1 WHEN <<event>> THE <<system>> SHALL <<observable result>>.
{tasks}
## Out of scope
"""

_TASK_LIST = """\
- [ ] T1 <<what one agent does>>
  - Satisfies: R1.1
  - Touches: <<paths, as in src/cart/**, tests/cart/**>>
  - After: -
  - Verify: {verify}
"""

_DESIGN = """\
# {title}: design

## D1 <<one part of the solution>>

Satisfies: R1.1

<<How it works, what it replaces, what was rejected and why.>>
"""

_TASKS = "# {title}: tasks\n\n" + _TASK_LIST

DOCUMENT = {Stage.STORY: REQUIREMENTS, Stage.DESIGN: DESIGN, Stage.ARCHITECTURE: TASKS}


def template(stage: Stage, track: Track, *, title: str, sentence: str, verify: str) -> str:
    """Return the empty document of a spec stage; on the small track the story holds the tasks."""
    verify = verify or "<<the command that proves it>>"
    tasks = "\n## Tasks\n\n" + _TASK_LIST.format(verify=verify) if track is Track.SMALL else ""
    shape = {Stage.STORY: _STORY, Stage.DESIGN: _DESIGN, Stage.ARCHITECTURE: _TASKS}[stage]
    return shape.format(title=title, sentence=sentence, tasks=tasks, verify=verify)
