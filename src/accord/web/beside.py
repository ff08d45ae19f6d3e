"""What is asked for beside a gate: verdicts, captures, acts on decisions. Nothing is signed here.

Each is a form that ends at the page where the answer is waited for. A passkey makes one signature
for each touch; what takes several (a capture, and a verdict that begins a change) is asked for one
record after the other, each exactly as it is by then.
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
from accord.web import signing
from accord.web.acting import action, room_of, text
from accord.web.asks import Ask

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
    answer = text(form, "answer")
    if answer not in list(Answer):
        raise HTTPException(400, "a verdict is one of four")
    if answer == "waived" and not (text(form, "reason") and text(form, "until")):
        raise ConfigurationError("a waiver needs a reason and the day on which it ends",
                                 hint="write both, then press Waive")  # fmt: skip
    about = [one for one in form.getlist("about") if isinstance(one, str)]
    if not about:
        raise ConfigurationError("no criterion was chosen", hint="choose what the answer is about")
    fields = {
        "criterion": text(form, "criterion"),
        "about": "\n".join(about),
        "state": text(form, "state"),
        "answer": answer,
        "reason": text(form, "reason") or REASONS.get(answer, ""),
        "until": text(form, "until") if answer == "waived" else "",
    }
    change = request.path_params["change"]
    title = f"{', '.join(about)} of {change}: {answer}"
    return _ask(request, workshop, "verdict", change, fields, title, "/drift")


@action
def capture(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask that answers about what was corrected be kept; what was not answered waits."""
    fields = {}
    for name, value in form.multi_items():
        if name.startswith(_CORRECTION) and isinstance(value, str) and value:
            key = name.removeprefix(_CORRECTION)
            own = text(form, f"words-{key}")
            said = f"new:{own}" if value == "new" else value
            if not said.startswith(("new:", "again:", "skip")):
                raise HTTPException(400, "an answer is a rule, a new one or none")
            fields[key] = said
    if not fields:
        raise ConfigurationError("nothing was answered", hint="choose an answer, or leave the page")
    change = request.path_params["change"]
    title = f"what was corrected in {change}"
    back = f"/changes/{quote(change, safe='')}"
    return _ask(request, workshop, "capture", change, fields, title, back)


@action
def rule(request: Request, workshop: Workshop, form: FormData) -> str:
    """Ask that a decision be put in force, taken out of it, or turned down."""
    act = text(form, "act")
    if act not in (Act.ACTIVATE, Act.EXPIRE, Act.REJECT):
        raise HTTPException(400, "a decision is put in force, taken out of it or turned down")
    if act != Act.ACTIVATE and not text(form, "reason"):
        raise ConfigurationError("it needs a reason", hint="write why it no longer holds")
    near = {name.removeprefix("near-"): value for name, value in form.multi_items()
            if name.startswith("near-")}  # fmt: skip
    change, name = text(form, "change"), request.path_params["decision"]
    supersedes = [one for one, said in near.items() if said == "supersedes"]
    if len(supersedes) > 1:
        raise ConfigurationError("a decision takes the place of one other", hint="choose one")
    fields = {
        "decision": name,
        "digest": text(form, "digest"),
        "act": act,
        "reason": text(form, "reason"),
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
    room = room_of(request)
    wanted = Ask("", verb, change, title=title, fields=fields, words=words, back=back,
                 who=room.who(workshop))  # fmt: skip
    wanted = signing.prepared(workshop, wanted, room.place)
    if wanted.draft is None and not room.terminal:
        raise RefusedError(
            "this is signed with a passkey, or in a terminal, and there is neither",
            hint=asked.unsigned(verb, change, fields),
        )
    return f"/asks/{room.asks.put(wanted, terminal=room.terminal).id}"
