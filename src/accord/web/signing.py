"""What is asked for beside a gate: verdicts, captures, acts on decisions. Nothing is signed here.

Each is a form that ends at the page where the terminal's answer is waited for.
"""

from urllib.parse import quote, urlencode

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from accord.app import asked
from accord.app.verdicts import Answer
from accord.app.workshop import Workshop
from accord.core.decisions import Act
from accord.errors import ConfigurationError, RefusedError
from accord.web.acting import LONGEST, action
from accord.web.asks import Ask
from accord.web.room import Room

# What is written where a person pressed a key and gave no reason of their own.
REASONS = {
    "code-wrong": "the code does not do what was agreed",
    "spec-wrong": "the words no longer say what is wanted",
    "still-true": "it still does what was agreed",
}
_CORRECTION = "answer-"


@action
def verdict(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask for a verdict on a finding of drift, exactly as it was shown."""
    answer = _text(form, "answer")
    if answer not in list(Answer):
        raise HTTPException(400, "a verdict is one of four")
    if answer == "waived" and not (_text(form, "reason") and _text(form, "until")):
        raise ConfigurationError("a waiver needs a reason and the day on which it ends",
                                 hint="write both, then press Waive")  # fmt: skip
    fields = {
        "criterion": _text(form, "criterion"),
        "state": _text(form, "state"),
        "answer": answer,
        "reason": _text(form, "reason") or REASONS.get(answer, ""),
        "until": _text(form, "until") if answer == "waived" else "",
    }
    change = request.path_params["change"]
    title = f"{fields['criterion']} of {change}: {answer}"
    return _ask(request, workshop, "verdict", change, fields, title, "/drift")


@action
def capture(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask that answers about what was corrected be kept; what was not answered waits."""
    fields = {}
    for name, value in form.multi_items():
        if name.startswith(_CORRECTION) and isinstance(value, str) and value:
            key = name.removeprefix(_CORRECTION)
            own = _text(form, f"words-{key}")
            fields[key] = f"new:{own}" if value == "new" else value
    if not fields:
        raise ConfigurationError("nothing was answered", hint="choose an answer, or leave the page")
    change = request.path_params["change"]
    title = f"what was corrected in {change}"
    back = f"/changes/{quote(change, safe='')}"
    return _ask(request, workshop, "capture", change, fields, title, back)


@action
def rule(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask that a decision be put in force, taken out of it, or turned down."""
    act = _text(form, "act")
    if act not in (Act.ACTIVATE, Act.EXPIRE, Act.REJECT):
        raise HTTPException(400, "a decision is put in force, taken out of it or turned down")
    if act != Act.ACTIVATE and not _text(form, "reason"):
        raise ConfigurationError("it needs a reason", hint="write why it no longer holds")
    near = {name.removeprefix("near-"): value for name, value in form.multi_items()
            if name.startswith("near-")}  # fmt: skip
    change, name = _text(form, "change"), request.path_params["decision"]
    supersedes = [one for one, said in near.items() if said == "supersedes"]
    if len(supersedes) > 1:
        raise ConfigurationError("a decision takes the place of one other", hint="choose one")
    fields = {
        "decision": name,
        "digest": _text(form, "digest"),
        "act": act,
        "reason": _text(form, "reason"),
        "supersedes": "".join(supersedes),
        "narrows": ", ".join(one for one, said in near.items() if said == "narrows"),
        "keep": "both hold" if "keep" in near.values() else "",
    }
    place = f"?{urlencode({'change': change})}" if change else ""
    back = f"/decisions/{quote(name, safe='')}{place}"
    return _ask(request, workshop, "rule", change, fields, f"{act} {name}", back)


def _ask(
    request: Request, workshop: Workshop, verb: str, change: str, fields: dict[str, str],
    title: str, back: str,
) -> str:  # fmt: skip
    words = asked.words(workshop, verb, change, fields)  # what is so no more is said at once
    room: Room = request.app.state.room
    if not room.terminal:
        raise RefusedError(
            "what you decide is signed in a terminal, and this server was started without one",
            hint=asked.unsigned(verb, change, fields),
        )
    wanted = Ask("", verb, change, title=title, fields=fields, words=words, back=back)
    return f"/asks/{room.asks.put(wanted).id}"


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    if not isinstance(value, str) or len(value) > LONGEST:
        raise HTTPException(400, f"{name} is too long")
    return value.strip()
