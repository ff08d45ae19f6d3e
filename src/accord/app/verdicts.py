"""Close a finding of drift: a person says what is wrong, or that nothing is, and signs it.

A verdict is a record among the approvals of the released change. It is about exactly what was
found: when the code, the words or the tests move again, it says nothing any more.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from accord.app import drifting, explaining, failing, promises, renewing, waivers
from accord.approvals.log import read_log
from accord.approvals.records import FOLDER
from accord.core import trace, version
from accord.core.approval import Approval, Decision, Json, Log, Signed, Trust
from accord.core.drift import Standing, Verdict
from accord.core.findings import Finding, gathered
from accord.core.ports import Repo
from accord.errors import ConfigurationError, RefusedError

if TYPE_CHECKING:
    from accord.app import mending
    from accord.app.workshop import Workshop
    from accord.approvals.signers import Signer

GATE = "verdict"
_DATE = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")


class Answer(StrEnum):
    """What a person can say of a finding."""

    CODE_WRONG = "code-wrong"
    SPEC_WRONG = "spec-wrong"
    STILL_TRUE = "still-true"
    WAIVED = "waived"


BEGINNING = (Answer.CODE_WRONG, Answer.SPEC_WRONG)


@frozen
class Closed:
    """What was decided: the signed record, where the sentences stand, the change that was begun.

    `document` is the place of the first in the story of that change, and `proposed` are those that
    are worded anew there, as far as the code tells how.
    """

    change: str
    criteria: tuple[str, ...]
    answer: Answer
    record: str
    places: tuple[str, ...]
    opened: str = ""
    document: str = ""
    proposed: tuple[str, ...] = ()


def findings(workshop: "Workshop", change: str = "") -> tuple[Finding, ...]:
    """Return the findings on the base that no verdict closes; of `change` alone where it is one.

    Tests that failed count where they ran on this very commit.
    """
    repo, tip = workshop.repo, workshop.repo.resolve(workshop.base)
    kept = drifting.kept_in(workshop.state)
    red = failing.load(kept, tip)
    again = renewing.load(kept)
    found = drifting.check(repo, workshop.symbols, tip, results=red, again=again).findings
    left = unsettled(repo, tip, workshop.trust, found, workshop.clock.now())
    return gathered(one for one in left if change in ("", one.change))


def explained(workshop: "Workshop", finding: Finding) -> Finding:
    """Return a finding with who made each of its causes, in which commit, and the two lines."""
    repo, tip = workshop.repo, workshop.repo.resolve(workshop.base)
    return Finding(explaining.explain(repo, workshop.symbols, tip, finding.verdicts))


def find(workshop: "Workshop", change: str, criterion: str) -> Finding:
    """Return the finding about a criterion on the base, with all that it is about.

    Raises ConfigurationError where there is none.
    """
    for one in findings(workshop, change):
        if criterion in one.criteria:
            return explained(workshop, one)
    raise ConfigurationError(
        f"there is no finding about {criterion} of {change}", hint="accord check --drift"
    )


def begin(
    workshop: "Workshop", finding: Finding, answer: Answer, *, reason: str
) -> "mending.Begun":
    """Begin the change that mends `finding`, which is the first half of such a verdict.

    Raises what `close` raises where the verdict would not count: nothing is begun for it then.
    """
    from accord.app import mending

    _draft(workshop, finding, reason)
    return mending.begin(workshop, finding, reason, reword=answer is Answer.SPEC_WRONG)


def begun(workshop: "Workshop", finding: Finding, answer: Answer, *, reason: str) -> str:
    """Return the open change that was begun for just this verdict already, or an empty string."""
    from accord.app import authoring, mending

    reword = answer is Answer.SPEC_WRONG
    return authoring.begun(workshop, mending.sentence_of(finding, reason, reword=reword))


def close(
    workshop: "Workshop", finding: Finding, answer: Answer, *, reason: str, until: str = "",
    opened: str = "",
) -> Closed:  # fmt: skip
    """Sign what is to be thought of `finding`, and commit that on the base.

    What is wrong begins a change of its own, unless `opened` is what `begin` began. `until` is the
    day (`2026-12-31`) after which a waiver ends, or the version (`2.0`) with which it does. Raises
    RefusedError where the record would not count, and ConfigurationError for a waiver without an
    end, a reason that is missing, and a failing test that is to be still true.
    """
    from accord.app import records

    repo, base = workshop.repo, workshop.base
    tip = repo.resolve(base)
    if answer is Answer.STILL_TRUE and finding.standing is Standing.BROKEN:
        raise ConfigurationError(
            f"{finding.named} is not still true: its test fails",
            hint="--code-wrong, --spec-wrong, or --waive-until",
        )
    _check_end(repo, tip, answer, until, workshop.clock.now())
    signer, draft = _draft(workshop, finding, reason)
    places = tuple(dict.fromkeys(one.path for one in finding.verdicts))
    closed = Closed(finding.change, finding.criteria, answer, "", places, opened)
    if answer in BEGINNING and not opened:
        made = begin(workshop, finding, answer, reason=reason)
        closed = evolve(closed, places=made.places, opened=made.change, document=made.document,
                        proposed=made.proposed)  # fmt: skip
    details: dict[str, Json] = {
        "verdict": answer.value, "standing": finding.standing.value, "until": until,
        "opened": closed.opened, "commit": tip,
    }  # fmt: skip
    said = " ".join(reason.split())
    items = {one.criterion: one.state for one in finding.verdicts}
    approval = evolve(draft, reason=said, details=details, items=items)
    files = records.signed_files(signer, approval)
    words = f"Judge {finding.named} of {finding.change}: {answer.value}\n"
    said_so = repo.commit(tip, dict(files), words, workshop.author)
    bound = _bound(workshop, tip, said_so, finding)
    new = repo.commit(tip, {**files, **bound}, words, workshop.author) if bound else said_so
    detail = f"{finding.named}: {answer.value}"
    workshop.move("verdict", finding.change, base, new, tip, detail=detail)
    if bound:
        _follow(workshop, new, f"{finding.change}.toml")
    return evolve(closed, record=records.witness(workshop, finding.change, files))


def _bound(workshop: "Workshop", tip: str, judged_in: str, finding: Finding) -> dict[str, bytes]:
    """Return the trace as it is after the verdict, which others see too; nothing where it stays.

    What tests proved on this machine is part of what was judged, and of the trace from now on. What
    enough people say is still true is bound to what is so now.
    """
    repo, name = workshop.repo, f"{finding.change}.toml"
    blob = drifting.traces(repo, tip).get(name)
    if blob is None:
        return {}
    whole = drifting.read_trace(repo, name, blob)
    found = renewing.load(drifting.kept_in(workshop.state)).applied(name, blob, whole)
    told = judged(repo, judged_in, workshop.trust, finding.verdicts, workshop.clock.now())
    true = {one.criterion for one, said in told if said is Answer.STILL_TRUE}
    look = drifting.looking_at(repo, workshop.symbols, tip, found).look
    said, _ = promises.said(repo, tip, found)
    now = renewing.judged(whole, found, finding.criteria, true, look, said)
    return {trace.path(finding.change): trace.to_toml(now).encode()} if now != whole else {}


def _follow(workshop: "Workshop", tip: str, name: str) -> None:
    again, rows = (
        renewing.load(drifting.kept_in(workshop.state)),
        drifting.traces(workshop.repo, tip),
    )
    again.follow(name, rows[name])
    again.save(rows)


def _draft(workshop: "Workshop", finding: Finding, reason: str) -> tuple["Signer", Approval]:
    """Return the signer and the record without what was decided: what would not count is refused.

    Most checks close nothing, and what a change takes is a lot to load: so it is loaded here.
    """
    from accord.app import records

    records.refuse_agents()
    if not reason.strip():
        raise ConfigurationError("a verdict needs its reason", hint="--reason 'why it is so'")
    log = _log(workshop.repo, workshop.repo.resolve(workshop.base), workshop.trust, finding.change)
    if log.unsound:
        raise RefusedError(log.unsound[0].reason, hint=f"accord log {finding.change}")
    signer = workshop.signer()
    return signer, records.draft(
        workshop, finding.change, GATE, Decision.WAIVE, log=log,
        approver=records.person(workshop, signer), signer=signer, number=1,
    )  # fmt: skip


def _check_end(repo: Repo, tip: str, answer: Answer, until: str, now: str) -> None:
    hint = "--waive-until 2026-12-31, or the version that mends it: --waive-until 2.0"
    day = _DATE.fullmatch(until)
    if (answer is Answer.WAIVED) != bool(day or version.key(until)):
        raise ConfigurationError("a waiver, and nothing else, ends with a day or a version",
                                 hint=hint)  # fmt: skip
    if answer is not Answer.WAIVED:
        return
    if day and until < now[:10]:
        raise ConfigurationError(f"{until} is over", hint=hint)
    if not day:
        current = project_version(repo, tip)
        if not current:
            places = ", ".join(version.FILES)
            words = "nothing says which version the project has"
            raise ConfigurationError(words, hint=f"name a day, or write it in {places}")
        if version.reached(current, until):
            raise ConfigurationError(f"the project is at {current} already", hint=hint)


def unsettled(
    repo: Repo, commit: str, trust: Trust, findings: Iterable[Verdict], now: str
) -> tuple[Verdict, ...]:
    """Return the findings that no verdict in `commit` closes at the moment `now`.

    One that is known to be wrong stays, with what was decided, until it is so no more.
    """
    found = judged(repo, commit, trust, findings, now)
    return tuple(one for one, closed in found if closed is None)


def vouched(
    repo: Repo, commit: str, trust: Trust, verdicts: Iterable[Verdict]
) -> Iterator[Verdict]:
    """Yield how criteria stand that are no findings, with who said last that one is still true."""
    logs: dict[str, Log] = {}
    for one in verdicts:
        if one.change not in logs:
            logs[one.change] = _log(repo, commit, trust, one.change)
        log = logs[one.change]
        said = [each for each in log.signed if not log.unsound and not each.lapsed
                and _is_verdict(each) and one.criterion in each.approval.items
                and _answer(each) is Answer.STILL_TRUE]  # fmt: skip
        said.sort(key=lambda each: each.approval.issued)
        yield evolve(one, decided=_words(said[-1:])) if said else one


def judged(
    repo: Repo, commit: str, trust: Trust, findings: Iterable[Verdict], now: str
) -> tuple[tuple[Verdict, Answer | None], ...]:
    """Return each finding with what people said of it, and the answer that closes it, or None."""
    logs: dict[str, Log] = {}
    current = functools.cache(lambda: project_version(repo, commit))
    told = []
    for one in findings:
        if one.change not in logs:
            logs[one.change] = _log(repo, commit, trust, one.change)
        log = logs[one.change]
        about = [] if log.unsound else [each for each in log.signed if _is_about(each, one)]
        signed = [each for each in about if _holds(each, now, current)]
        by = [_all(signed, answer) for answer in (Answer.STILL_TRUE, Answer.WAIVED)]
        closing = next((some for some in by if waivers.enough(trust, some, GATE)), [])
        said = _words(closing or signed)
        told.append((evolve(one, decided=said), _answer(closing[-1]) if closing else None))
    return tuple(told)


def project_version(repo: Repo, commit: str) -> str:
    """Return the version of the project in `commit`: what its files say, else its latest tag."""
    for path in version.FILES:
        data = repo.read(commit, path)
        if data is not None and (said := version.declared(path, data)):
            return said
    return version.newest(list(repo.tags(commit)))


def _is_about(record: Signed, finding: Verdict) -> bool:
    if not _is_verdict(record) or record.lapsed:
        return False
    return record.approval.items.get(finding.criterion) == finding.state


def _is_verdict(record: Signed) -> bool:
    return record.approval.gate == GATE and record.approval.decision is Decision.WAIVE


def _all(records: Iterable[Signed], answer: Answer) -> list[Signed]:
    return [one for one in records if _answer(one) is answer]


def _holds(record: Signed, now: str, current: Callable[[], str]) -> bool:
    """Tell whether a verdict is not over: a waiver ends after its day, or with its version."""
    until = str(record.approval.details.get("until", ""))
    if _answer(record) is not Answer.WAIVED:
        return True
    if _DATE.fullmatch(until):
        return until >= now[:10]
    # Where the project says its version no more, nobody can tell, and the finding is back.
    known = version.key(until) and version.key(current())
    return bool(known) and not version.reached(current(), until)


def _answer(record: Signed) -> Answer | None:
    said = record.approval.details.get("verdict")
    return Answer(said) if isinstance(said, str) and said in list(Answer) else None


def _words(signed: Sequence[Signed]) -> str:
    for one in reversed(signed):
        answer, details = _answer(one), one.approval.details
        who = f"says {one.approval.approver}"
        if answer in BEGINNING:
            return f"{answer.value}, {who}: see {details.get('opened')}"
        if answer is Answer.WAIVED:
            return f"waived until {details.get('until')}, {who}: {one.approval.reason}"
        if answer is Answer.STILL_TRUE:
            return f"still true, {who} on {one.approval.issued[:10]}: {one.approval.reason}"
    return ""


def _log(repo: Repo, commit: str, trust: Trust, change: str) -> Log:
    entries = repo.folder(commit, f"{FOLDER}/{change}")
    return read_log(change, {path: repo.blob(one.id) for path, one in entries.items()}, trust)
