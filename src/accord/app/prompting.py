"""What an agent is told: the stage's instructions and just the approved text that it needs."""

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files

from accord.app.changes import Change
from accord.core.approval import Decision
from accord.core.assignments import names
from accord.core.checks import Finding
from accord.core.delta import source
from accord.core.model import SPEC_STAGES, Item, Stage, Task, Track, dependencies
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
    change: Change, task: Task, verify: str, feedback: str = "", *, decisions: str = ""
) -> str:
    """Return the prompt that asks for `task`, with its criteria and the sections behind them.

    `decisions` is the part that shows the decisions in force for code.
    """
    text = _template("implementation").format(
        task=task.id,
        title=task.text,
        touches=", ".join(task.touches),
        verify=verify or "(no command is set)",
        context="",
    )
    wanted = set(dependencies(change.spec).get(task.id, ()))
    slices = [
        source(document, item).rstrip()
        for document in change.spec.documents
        for item in document.items
        if item.id in wanted or _is_parent(item, wanted)
    ]
    parts = [text.rstrip()]
    if slices:
        parts.append(_quoted("What was agreed", "\n\n".join(slices)))
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
    if feedback:
        parts.append(_said("Your last attempt was not accepted", feedback))
    return "\n\n".join(parts) + "\n"


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


def _is_parent(item: Item, wanted: set[str]) -> bool:
    return any(name.rpartition(".")[0] == item.id for name in wanted)


def _template(name: str) -> str:
    return (files("accord.app") / "prompts" / f"{name}.md").read_text(encoding="utf-8")


def _quoted(title: str, text: str) -> str:
    # CommonMark 4.5: a fence is closed by one at least as long, so none in the text may be.
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"## {title}\n\n{fence}\n{text.rstrip()}\n{fence}"


def _said(title: str, text: str) -> str:
    lines = "\n".join(f"> {line}" for line in text.splitlines())
    return f"## {title}\n\n{lines}"
