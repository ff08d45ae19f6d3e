"""Close a finding of drift: a person says what is wrong, or that nothing is, and signs it.

A verdict is a record among the approvals of the released change. It is about exactly what was
found: when the code, the words or the tests move again, it says nothing any more.
"""

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from attrs import evolve, frozen

from accord.app import authoring, drifting, records, waivers
from accord.app.workshop import Workshop
from accord.approvals.log import read_log
from accord.approvals.records import FOLDER
from accord.core.approval import Decision, Json, Log, Signed, Trust
from accord.core.drift import Verdict
from accord.core.ports import Repo
from accord.errors import ConfigurationError, RefusedError

GATE = "verdict"
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")


class Answer(StrEnum):
    """What a person can say of a finding."""

    CODE_WRONG = "code-wrong"
    SPEC_WRONG = "spec-wrong"
    STILL_TRUE = "still-true"
    WAIVED = "waived"


@frozen
class Closed:
    """What was decided: the signed record, the place of the sentence, the change that was begun."""

    change: str
    criterion: str
    answer: Answer
    record: str
    place: str
    opened: str = ""


def find(workshop: Workshop, change: str, criterion: str) -> Verdict:
    """Return the finding about a criterion on the base. Raises ConfigurationError without one."""
    repo, tip = workshop.repo, workshop.repo.resolve(workshop.base)
    found = drifting.check(repo, workshop.symbols, tip).findings
    for one in unsettled(repo, tip, workshop.trust, found, workshop.clock.now()):
        if (one.change, one.criterion) == (change, criterion):
            return drifting.explain(repo, workshop.symbols, tip, one)
    raise ConfigurationError(
        f"there is no finding about {criterion} of {change}", hint="accord check --drift"
    )


def close(
    workshop: Workshop, finding: Verdict, answer: Answer, *, reason: str, until: str = ""
) -> Closed:
    """Sign what is to be thought of `finding`, and commit that on the base.

    What is wrong begins a change of its own. `until` is the day (`2026-12-31`) after which a
    waiver ends. Raises RefusedError where the record would not count, and ConfigurationError for
    a waiver without a day, or a reason that is missing.
    """
    records.refuse_agents()
    if (answer is Answer.WAIVED) != bool(_DATE.fullmatch(until)):
        raise ConfigurationError(
            "a waiver, and nothing else, ends on a day", hint="--waive-until 2026-12-31"
        )
    if not reason.strip():
        raise ConfigurationError("a verdict needs its reason", hint="--reason 'why it is so'")
    repo, base = workshop.repo, workshop.base
    tip = repo.resolve(base)
    log = _log(repo, tip, workshop.trust, finding.change)
    if log.unsound:
        raise RefusedError(log.unsound[0].reason, hint=f"accord log {finding.change}")
    signer = workshop.signer()
    # What would not count is refused here, before a change is begun for it.
    draft = records.draft(
        workshop, finding.change, GATE, Decision.WAIVE, log=log,
        approver=records.person(workshop, signer), signer=signer, number=1,
    )  # fmt: skip
    opened = ""
    if answer in (Answer.CODE_WRONG, Answer.SPEC_WRONG):
        opened = authoring.new(workshop, _sentence(finding, answer, reason)).change
    details: dict[str, Json] = {
        "verdict": answer.value, "criterion": finding.criterion, "state": finding.state,
        "standing": finding.standing.value, "until": until, "opened": opened, "commit": tip,
    }  # fmt: skip
    said = " ".join(reason.split())
    approval = evolve(draft, reason=said, details=details, items={finding.criterion: finding.state})
    files = records.signed_files(signer, approval)
    words = f"Judge {finding.criterion} of {finding.change}: {answer.value}\n"
    new = repo.commit(tip, dict(files), words, workshop.author)
    detail = f"{finding.criterion}: {answer.value}"
    workshop.move("verdict", finding.change, base, new, tip, detail=detail)
    record = records.witness(workshop, finding.change, files)
    place = finding.path
    return Closed(finding.change, finding.criterion, answer, record, place, opened)


def unsettled(
    repo: Repo, commit: str, trust: Trust, findings: Iterable[Verdict], now: str
) -> tuple[Verdict, ...]:
    """Return the findings that no verdict in `commit` closes at the moment `now`.

    One that is known to be wrong stays, with what was decided, until it is so no more.
    """
    logs: dict[str, Log] = {}
    left = []
    for one in findings:
        if one.change not in logs:
            logs[one.change] = _log(repo, commit, trust, one.change)
        log = logs[one.change]
        signed = [] if log.unsound else [each for each in log.signed if _is_about(each, one, now)]
        closing = [each for each in signed if _answer(each) in (Answer.STILL_TRUE, Answer.WAIVED)]
        if waivers.enough(trust, closing, GATE):
            continue
        left.append(evolve(one, decided=_words(signed)))
    return tuple(left)


def _is_about(record: Signed, finding: Verdict, now: str) -> bool:
    approval, details = record.approval, record.approval.details
    if approval.gate != GATE or approval.decision is not Decision.WAIVE or record.lapsed:
        return False
    if dict(approval.items) != {finding.criterion: finding.state}:
        return False
    return _answer(record) is not Answer.WAIVED or str(details.get("until", "")) >= now[:10]


def _answer(record: Signed) -> Answer | None:
    said = record.approval.details.get("verdict")
    return Answer(said) if isinstance(said, str) and said in list(Answer) else None


def _words(signed: Sequence[Signed]) -> str:
    for one in reversed(signed):
        answer, opened = _answer(one), one.approval.details.get("opened")
        if answer in (Answer.CODE_WRONG, Answer.SPEC_WRONG):
            return f"{answer.value}, says {one.approval.approver}: see {opened}"
    return ""


def _log(repo: Repo, commit: str, trust: Trust, change: str) -> Log:
    entries = repo.folder(commit, f"{FOLDER}/{change}")
    return read_log(change, {path: repo.blob(one.id) for path, one in entries.items()}, trust)


def _sentence(finding: Verdict, answer: Answer, reason: str) -> str:
    what = "Make it true again" if answer is Answer.CODE_WRONG else "Say what is so"
    return f"{what}, {finding.criterion} of {finding.change}: {reason}"
