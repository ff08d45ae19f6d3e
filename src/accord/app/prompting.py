"""What an agent is told: the stage's instructions and just the approved text that it needs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from itertools import groupby

from accord.app.changes import Change
from accord.core import slicing
from accord.core.approval import Decision
from accord.core.assignments import names
from accord.core.checks import Finding
from accord.core.model import SPEC_STAGES, Stage, Task, Track
from accord.formats import layouts
from accord.formats.registry import NAME

_ASKED = {
    Stage.STORY: "Say what the system shall do for its users, and nothing about how.",
    Stage.DESIGN: "Say how the system will do it, what happens when something fails, and which "
    "alternatives were rejected and why. Read the code first; name what is reused.",
    Stage.ARCHITECTURE: "Divide the work into tasks that agents can do side by side, each with "
    "the files that it changes, each satisfying something that was agreed.",
}


def for_stage(
    change: Change, stage: Stage, path: str, feedback: str = "", *, decisions: str = ""
) -> str:
    """Return the prompt that asks for the document of `stage` at `path`.

    It hands over the approved documents before it, the present draft, what a person sent back,
    and `feedback`, which is what Accord found in the last draft. `decisions` is the part that
    shows the decisions in force; it comes last but for the feedback.
    """
    text = _native(change, stage, path) if change.form.name == NAME else _host(change, stage, path)
    layout = change.spec.layout
    before = SPEC_STAGES[: SPEC_STAGES.index(stage)]
    parts = [text.rstrip()]
    for document in change.spec.documents:
        if not document.path.endswith(".md"):
            continue
        if layout.stage(document.path) in before:
            parts.append(
                _quoted(f"Approved: {document.path}", document.data.decode(errors="replace"))
            )
        elif layout.stage(document.path) is stage:
            parts.append(
                _quoted(
                    f"The present draft of {document.path}", document.data.decode(errors="replace")
                )
            )
    parts += [
        _said("A person sent it back and said", reason) for reason in _rejections(change, stage)
    ]
    if decisions:
        parts.append(decisions)
    if feedback:
        parts.append(_said("Your last draft has findings; mend them", feedback))
    return "\n\n".join(parts) + "\n"


def _native(change: Change, stage: Stage, path: str) -> str:
    small = _template("small") if change.track is Track.SMALL else ""
    return _template(stage).format(
        path=path, sentence=change.sentence, title=change.title, small=small, context=""
    )


def _host(change: Change, stage: Stage, path: str) -> str:
    stages = SPEC_STAGES if change.track is Track.SMALL else (stage,)
    shape = [
        _quoted(name, text)
        for one in stages
        for name, text in layouts.empty(change.form.name, one, change=change.name,
                                        title=change.title, sentence=change.sentence).items()
    ]  # fmt: skip
    return _template("host").format(
        form=change.form.name, stage=stage, path=path, sentence=change.sentence,
        what=" ".join(_ASKED[one] for one in stages), shape="\n\n".join(shape), context="",
    )  # fmt: skip


def for_task(
    change: Change, task: Task, verify: str, feedback: str = "", *, decisions: str = "",
    beside: str = "",
) -> str:  # fmt: skip
    """Return the prompt that asks for `task`, with the part of the documents that it needs.

    `decisions` is the part that shows the decisions in force for code, `beside` says what is in
    its way of the work of others.
    """
    text = _template("implementation").format(
        task=task.id,
        title=task.text,
        touches=", ".join(task.touches),
        verify=verify or "(no command is set)",
        context="",
    )
    parts = [text.rstrip()]
    if change.track is not Track.TRIVIAL:
        parts += _agreed(change, slicing.of_task(change.spec, task, loose=change.form.loose))
    elif change.sentence:
        parts.append(_quoted("What was asked for", change.sentence))
    parts += [
        _said("A person sent it back and said", one.approval.reason)
        for one in change.log.signed
        if one.approval.decision is Decision.REJECT
        and one.approval.gate not in SPEC_STAGES
        and names(one, task)
    ]
    if decisions:
        parts.append(decisions)
    if beside:
        parts.append(told_beside(beside))
    if feedback:
        parts.append(_said("Your last attempt was not accepted", feedback))
    return "\n\n".join(parts) + "\n"


def told_beside(words: str) -> str:
    """Return what an agent is told of the work of others that is in its way, or ''."""
    return _said("Others are at work beside you", words) if words else ""


def for_review(
    change: Change, criteria: Iterable[tuple[str, str, str]], diffs: Iterable[tuple[str, str]]
) -> str:
    """Return the prompt that asks what is wrong with what was built.

    `criteria` are (id, how far it is proved, text); `diffs` are (path, the lines of its diff).
    """
    text = _template("review").format(change=change.name, title=change.title)
    agreed = "\n".join(f"{name} ({proof}): {words}" for name, proof, words in criteria)
    parts = [text.rstrip(), _quoted("What was agreed", agreed or change.sentence)]
    parts += [_quoted(f"What changed in {path}", diff) for path, diff in diffs]
    return "\n\n".join(parts) + "\n"


def as_feedback(findings: Iterable[Finding]) -> str:
    """Return findings as lines that name the place, the fault and the cure."""
    return "\n".join(f"{one.path}:{one.line}: {one.message} ({one.hint})" for one in findings)


def _rejections(change: Change, stage: Stage) -> Sequence[str]:
    return [
        one.approval.reason
        for one in change.log.signed
        if one.approval.gate == stage and one.approval.decision is Decision.REJECT
    ][-3:]


def _agreed(change: Change, found: slicing.Slice) -> Iterator[str]:
    """Yield what is linked to a task, by document, what is near it, and where the rest lies."""
    for path, parts in groupby(found.linked, key=lambda one: one.path):
        yield _quoted(f"What was agreed, in {path}", "\n\n".join(one.text for one in parts))
    if found.near:
        near = "\n\n".join(f"[{one.path}]\n{one.text}" for one in found.near)
        yield _quoted("Near it, to find your way: not for this task to do", near)
    yield f"The whole documents lie in `{change.folder}/`; read there what you miss here."


def _template(name: str) -> str:
    return (files("accord.app") / "prompts" / f"{name}.md").read_text(encoding="utf-8")


def _quoted(title: str, text: str) -> str:
    # CommonMark 4.5: a fence is closed by one at least as long, so none in the text may be.
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"## {title}\n\n{fence}\n{text.rstrip()}\n{fence}"


def _said(title: str, text: str) -> str:
    lines = "\n".join(f"> {line}" for line in text.splitlines())
    return f"## {title}\n\n{lines}"
