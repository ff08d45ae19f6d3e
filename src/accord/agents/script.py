"""The script of the scripted agent: TOML that says what it does for which prompt.

    [[scene]]
    when = ["design", "round 2"]        # played when the prompt holds all of these
    [[scene.step]]
    do = "write"
    path = "specs/cart/design.md"
    text = "# Design"

Steps outside of any scene (`[[step]]`) are played for every prompt that no scene is for. With
`tools = false` at the top the agent does not load the tools that it is offered.
"""

import base64
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import field, frozen

from accord.errors import ConfigurationError

PLAYING = "[scripted] Playing a script; no model is asked.\n"
"""What the scripted agent says first."""

CLAIM = "Done. Everything that was asked for is implemented and all tests pass."

_VERBS: Mapping[str, tuple[Mapping[str, type], Mapping[str, type]]] = {
    "write": ({"path": str, "text": str}, {"executable": bool}),
    "write-bytes": ({"path": str, "base64": str}, {"executable": bool}),
    "append": ({"path": str, "text": str}, {}),
    "replace": ({"path": str, "old": str, "new": str}, {}),
    "delete": ({"path": str}, {}),
    "run": ({"argv": list}, {}),
    "ask": ({"path": str}, {"text": str}),
    "say": ({"text": str}, {}),
    "show": ({"text": str}, {"path": str}),
    "wait": ({"seconds": float}, {}),
    "finish": ({}, {}),
    "die": ({}, {"status": int}),
    "hang": ({}, {}),
    "flood": ({"bytes": int}, {}),
    "garbage": ({}, {"text": str}),
    "claim": ({}, {"text": str}),
    "refuse-cancel": ({}, {}),
    "tool": ({"name": str}, {"arguments": dict}),
}


@frozen
class Step:
    """One thing that the scripted agent does; only the fields that `do` needs are set."""

    do: str
    path: str = ""
    text: str = ""
    base64: str = ""
    executable: bool | None = None
    old: str = ""
    new: str = ""
    argv: tuple[str, ...] = ()
    seconds: float = 0.0
    status: int = 1
    bytes: int = 0
    name: str = ""
    arguments: Mapping[str, Any] = field(factory=dict)


@frozen
class Scene:
    """Steps, and the words that a prompt must all hold for them to be played."""

    when: tuple[str, ...]
    steps: tuple[Step, ...]


@frozen
class Script:
    """The scenes, in the order in which they are tried; `tools`: those offered are loaded."""

    scenes: tuple[Scene, ...]
    tools: bool = True

    def scene(self, prompt: str) -> Scene | None:
        """Return the first scene whose words all occur in `prompt`, or None."""
        return next(
            (scene for scene in self.scenes if all(word in prompt for word in scene.when)), None
        )


def parse(text: str) -> Script:
    """Read a script. Raises ConfigurationError, with the line, for anything that is not one."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(str(error)) from error
    _only(document, {"scene", "step", "tools"}, "the script")
    tools = document.get("tools", True)
    if not isinstance(tools, bool):
        raise _wrong("`tools` is true or false")
    reader = _Reader(text)
    scenes = [reader.scene(table) for table in _tables(document, "scene")]
    rest = tuple(reader.step(table, "step") for table in _tables(document, "step"))
    if rest:
        scenes.append(Scene((), rest))
    if not scenes:
        raise _wrong("it holds no scene and no step")
    return Script(tuple(scenes), tools)


class _Reader:
    """Turns tables into steps and knows at which line it is, which the TOML parser does not say."""

    def __init__(self, text: str) -> None:
        self._lines = {header: _headers(text, header) for header in ("scene", "scene.step", "step")}

    def scene(self, table: dict[str, Any]) -> Scene:
        where = self._where("scene")
        _only(table, {"when", "step"}, where)
        when = table.get("when")
        words = [when] if isinstance(when, str) else when
        if not isinstance(words, list) or not words or not _are_texts(words):
            raise _wrong(f"{where} needs `when`, a text or a list of texts")
        steps = _tables(table, "step")
        return Scene(tuple(words), tuple(self.step(step, "scene.step") for step in steps))

    def step(self, table: dict[str, Any], header: str) -> Step:
        where = self._where(header)
        verb = table.get("do")
        if not isinstance(verb, str) or verb not in _VERBS:
            raise _wrong(f"{where} does {verb!r}, which is none of {', '.join(_VERBS)}")
        needed, optional = _VERBS[verb]
        _only(table, {"do", *needed, *optional}, where)
        for name, kind in {**needed, **optional}.items():
            if name in table:
                _check(table[name], kind, name, where)
            elif name in needed:
                raise _wrong(f"{where} does `{verb}` and needs `{name}`")
        values: dict[str, Any] = {
            name: tuple(v) if name == "argv" else v for name, v in table.items()
        }
        if verb == "claim":
            values.setdefault("text", CLAIM)
        return Step(**values)

    def _where(self, header: str) -> str:
        line = next(self._lines[header], None)
        return f"[[{header}]]" + (f" at line {line}" if line else "")


def _check(value: object, kind: type, name: str, where: str) -> None:
    kinds = (int, float) if kind is float else (kind,)
    fits = isinstance(value, kinds) and isinstance(value, bool) is (kind is bool)
    if isinstance(value, list):
        fits = fits and bool(value) and _are_texts(value)
    if name == "base64" and fits:
        fits = _is_base64(str(value))
    if not fits:
        raise _wrong(f"{where} has a `{name}` of the wrong kind: {value!r}")


def _tables(table: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = table.get(name, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _wrong(f"`{name}` must be written as [[{name}]]")
    return found


def _are_texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    for name in table:
        if name not in known:
            raise _wrong(f"{where} has `{name}`, which means nothing there")


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


def _headers(text: str, header: str) -> Iterator[int]:
    pattern = re.compile(r"\s*\[\[\s*" + header.replace(".", r"\s*\.\s*") + r"\s*\]\]")
    return (n for n, line in enumerate(text.splitlines(), start=1) if pattern.match(line))


def _wrong(fact: str) -> ConfigurationError:
    return ConfigurationError(
        f"The script of the scripted agent cannot be played: {fact}.",
        hint="Correct the script; docs/agents.md lists the steps.",
    )
