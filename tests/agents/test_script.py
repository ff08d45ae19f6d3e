import pytest

from accord.agents.script import CLAIM, Step, parse
from accord.errors import ConfigurationError

TWO_SCENES = """
[[step]]
do = "claim"

[[scene]]
when = ["design", "round 2"]
[[scene.step]]
do = "write"
path = "design.md"
text = "second"

[[scene]]
when = "design"
[[scene.step]]
do = "write"
path = "design.md"
text = "first"
[[scene.step]]
do = "run"
argv = ["true"]
"""


@pytest.mark.parametrize(
    ("prompt", "steps"),
    [
        ("the design, round 2", (Step("write", path="design.md", text="second"),)),
        (
            "the design",
            (Step("write", path="design.md", text="first"), Step("run", argv=("true",))),
        ),
        ("round 2 of the story", (Step("claim", text=CLAIM),)),
    ],
)
def test_the_first_scene_whose_words_are_all_in_the_prompt_is_played(
    prompt: str, steps: tuple[Step, ...]
) -> None:
    scene = parse(TWO_SCENES).scene(prompt)
    assert scene is not None
    assert scene.steps == steps


def test_a_prompt_that_no_scene_is_for_has_none() -> None:
    assert parse('[[scene]]\nwhen = "design"').scene("the story") is None


def test_every_step_can_be_written() -> None:
    script = parse(
        """
        step = [
          { do = "write", path = "a", text = "" },
          { do = "append", path = "a", text = "b" },
          { do = "replace", path = "a", old = "b", new = "c" },
          { do = "delete", path = "a" },
          { do = "run", argv = ["true"] },
          { do = "ask", path = "a" },
          { do = "say", text = "hello" },
          { do = "wait", seconds = 1 },
          { do = "die", status = 3 },
          { do = "hang" },
          { do = "flood", bytes = 10 },
          { do = "garbage" },
          { do = "claim" },
          { do = "refuse-cancel" },
          { do = "finish" },
        ]
        """
    )
    assert len(script.scenes[0].steps) == 15


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[step]]\ndo =\npath = 1", "at line 2"),
        ("", "no scene and no step"),
        ("other = 1", "the script has `other`"),
        ("step = 1", "must be written as [[step]]"),
        ("[[step]]\ndo = 'hang'\n[[step]]\ndo = 'dance'", "[[step]] at line 3 does 'dance'"),
        ("[[step]]\npath = 'a'", "does None"),
        ("\n[[step]]\ndo = 'write'\npath = 'a'", "at line 2 does `write` and needs `text`"),
        ("[[step]]\ndo = 'hang'\npath = 'a'", "has `path`, which means nothing there"),
        ("[[step]]\ndo = 'wait'\nseconds = 'long'", "a `seconds` of the wrong kind"),
        ("[[step]]\ndo = 'flood'\nbytes = true", "a `bytes` of the wrong kind"),
        ("[[step]]\ndo = 'run'\nargv = 'rm -rf x'", "a `argv` of the wrong kind"),
        ("[[step]]\ndo = 'run'\nargv = []", "a `argv` of the wrong kind"),
        ("[[scene]]", "[[scene]] at line 1 needs `when`"),
        ("[[scene]]\nwhen = []", "needs `when`"),
        ("[[scene]]\nwhen = [1]", "needs `when`"),
        ("[[scene]]\nwhen = 'a'\nonce = true", "has `once`"),
        (
            "[[scene]]\nwhen = 'a'\n[[scene.step]]\ndo = 'fly'",
            "[[scene.step]] at line 3 does 'fly'",
        ),
    ],
)
def test_a_script_that_cannot_be_played_is_refused_with_its_line(text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text)
    assert complaint in refused.value.message
