"""A script that is made from a record plays just what the record holds."""

from base64 import b64decode

from hypothesis import given
from hypothesis import strategies as st

from accord.agents.recording import script_of
from accord.agents.script import parse
from accord.core.orders import AgentEvent, AgentStatus, EventKind
from accord.core.recording import Recording, Written

TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n\\\"\x00\x7f'#="), max_size=60)
PATHS = st.sampled_from(["a.py", "b/c.md", 'odd "name"\n', "d"])
EVENTS = st.builds(AgentEvent, st.sampled_from(EventKind), TEXT, PATHS | st.just(""))
FILES = st.dictionaries(PATHS, st.none() | st.binary(max_size=60) | TEXT.map(str.encode))


def recorded(events: list[AgentEvent], files: dict[str, bytes | None]) -> Recording:
    written = tuple(Written(path, data) for path, data in files.items())
    return Recording("r", "T1", True, AgentStatus.ENDED, tuple(events), written)


@given(st.lists(EVENTS, max_size=8), FILES)
def test_the_files_and_the_words_come_out_as_they_went_in(
    events: list[AgentEvent], files: dict[str, bytes | None]
) -> None:
    scene = parse(script_of(recorded(events, files))).scene("Task T1: build it")

    assert scene is not None
    left: dict[str, bytes | None] = {}
    for step in scene.steps:
        if step.do == "delete":
            left[step.path] = None
        elif step.do.startswith("write"):
            left[step.path] = b64decode(step.base64) or step.text.encode()
    said = [one.text for one in events if one.kind is EventKind.TEXT and one.text]
    assert left == files
    assert [step.text for step in scene.steps if step.do == "say"] == said


@given(st.lists(EVENTS, max_size=8), FILES)
def test_nothing_in_a_record_becomes_a_command(
    events: list[AgentEvent], files: dict[str, bytes | None]
) -> None:
    scenes = parse(script_of(recorded(events, files))).scenes

    assert {step.do for scene in scenes for step in scene.steps} <= {
        "say", "show", "write", "write-bytes", "delete",
    }  # fmt: skip


def test_a_file_is_written_where_it_was_named_last() -> None:
    edit, done = AgentEvent(EventKind.TOOL, "edit a", "a"), AgentEvent(EventKind.TEXT, "done")
    events = [edit, done, edit, done]

    scene = parse(script_of(recorded(events, {"a": b"x"}))).scenes[0]

    assert [step.do for step in scene.steps] == ["show", "say", "write", "say"]


def test_half_a_character_is_no_reason_to_fail() -> None:
    event = AgentEvent(EventKind.TEXT, "half \ud800 of one")

    scene = parse(script_of(recorded([event], {}))).scenes[0]

    assert scene.steps[0].text == "half ? of one"


def test_a_scene_of_one_stage_is_not_played_for_another() -> None:
    story = Recording("r", "story", False, AgentStatus.ENDED, (), ())

    script = parse(script_of(story))

    assert script.scene("Stage: story. Say what") is not None
    assert script.scene("Stage: design. The story below") is None
    assert script.scene("Task T1: the story") is None
