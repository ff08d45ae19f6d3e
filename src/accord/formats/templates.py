"""What an empty document looks like; `<<...>>` marks what a person or an agent has yet to write."""

from collections.abc import Iterable, Sequence

from accord.core.model import DESIGN, REQUIREMENTS, TASKS, Stage, Track

PLACEHOLDER = "<<"

_STORY_HEAD = "### R1 <<what this part is about>>"
_STORY_ROLE = "As a <<who>>, I want <<what>>, so that <<why>>."
_STORY_CRITERION = "- R1.1 WHEN <<event>> THE <<system>> SHALL <<observable result>>."
_STORY = f"""\
# {{title}}

{{sentence}}

## Questions

## Assumptions

## Requirements

{_STORY_HEAD}

{_STORY_ROLE}

{_STORY_CRITERION}
{{tasks}}
## Out of scope
"""

_SATISFIES = "Satisfies: R1.1"
_TASK_LIST = f"""\
- [ ] T1 <<what one agent does>>
  - {_SATISFIES}
  - Touches: <<paths, as in src/cart/**, tests/cart/**>>
  - After: -
  - Verify: {{verify}}
"""

_DESIGN = f"""\
# {{title}}: design

## D1 <<one part of the solution>>

{_SATISFIES}

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


def fill(text: str, said: Sequence[tuple[str, str]], found: Iterable[str]) -> str:
    """Return an empty story with a criterion for each of `said`: words, and whose place they take.

    `found` are lines that tell why; they are quoted.
    """
    quoted = "\n".join(["## What was found", "", "```", *found, "```", "", "## Out of scope"])
    targets = ", ".join(target for _, target in said)
    criteria = [f"- R1.{at} {words}\n  - Supersedes: {target}"
                for at, (words, target) in enumerate(said, 1)]  # fmt: skip
    ids = ", ".join([_SATISFIES, *(f"R1.{at}" for at in range(2, len(said) + 1))])
    for old, new in (
        (f"{_SATISFIES}\n", f"{ids}\n"),
        (_STORY_HEAD, f"### R1 In the place of {targets}"),
        (f"{_STORY_ROLE}\n\n", ""),
        (_STORY_CRITERION, "\n".join(criteria)),
        ("## Out of scope", quoted),
    ):
        text = text.replace(old, new, 1)
    return text
