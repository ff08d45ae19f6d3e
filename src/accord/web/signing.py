"""What is signed for an ask: by the terminal with an SSH key, by the page with a passkey.

A passkey signs bytes that exist before its owner is asked. So the use case runs twice: once until
it would sign, to learn the bytes, and again with the answer, which has to be for the same bytes.
"""

from collections.abc import Mapping
from typing import NoReturn

from attrs import evolve, frozen

from accord.app import asked as beside
from accord.app import records, reviewing, trusting, undoing
from accord.app.workshop import Workshop
from accord.approvals import passkeys, sshsig, webauthn
from accord.approvals.passkeys import Assertion
from accord.approvals.signers import Signer
from accord.core.approval import Passkey
from accord.core.model import Stage
from accord.errors import ConflictError, RefusedError
from accord.web.asks import Ask, Draft
from accord.web.place import Place

FACTOR = "fido-uv"
"""How a passkey is guarded: without a PIN, a finger or a face no signature of one counts."""


def perform(workshop: Workshop, asked: Ask) -> str:
    """Sign what was asked for and say it. Raises AccordError with nothing signed."""
    records.refuse_agents()
    if asked.verb in beside.VERBS:
        return beside.sign(workshop, asked.verb, asked.change, asked.fields)
    if asked.offer is not None:
        done = trusting.add(workshop, asked.who, passkey=asked.offer)
        holds = "holds" if done.holds else "is proposed; others have to sign it, too"
        return f"version {done.version} of the trust file {holds}"
    if asked.verb == "undo":
        newest = undoing.newest(workshop, asked.change)
        if newest is None or (newest.verb, newest.detail) != ("approve", asked.stage):
            raise RefusedError(f"{asked.change} moved on since you looked", hint="accord log")
        return undoing.undo(workshop, asked.change)
    if asked.verb == "reject":
        reviewing.reject(workshop, asked.change, asked.reason, stage=Stage(asked.stage))
        return f"the {asked.stage} of {asked.change} was sent back"
    approved = reviewing.approve(workshop, asked.change, token=asked.seen)[0]
    return f"the {approved.stage} of {asked.change}: {approved.gate.reason}"


def usable(workshop: Workshop, who: str, place: Place) -> dict[str, tuple[str, Passkey]]:
    """Map each credential of `who` that signs at `place` to its key and its passkey."""
    person = workshop.trust.principal(who)
    known = person.passkeys if person else {}
    return {one.credential: (line, one) for line, one in known.items() if one.origin == place.entry}


def prepared(workshop: Workshop, asked: Ask, place: Place) -> Ask:
    """Return an ask with what a passkey of the person would sign first, if they have one here.

    What takes no signature before that is done. Raises what `perform` raises before it signs.
    """
    mine = usable(workshop, asked.who, place)
    if not mine:
        return asked
    lines = [line for line, _ in mine.values()]
    issued = workshop.clock.now()

    def stop(message: bytes, namespace: str) -> NoReturn:
        raise _WouldSignError(message, namespace)

    frozen = _as(workshop, Signer(lines[0], FACTOR, stop), issued)
    try:
        while asked.verb in beside.VERBS and asked.fields:
            _, left = beside.step(frozen, asked.verb, asked.change, asked.fields)
            asked = evolve(asked, fields=left)
        if asked.verb not in beside.VERBS:
            perform(frozen, asked)
    except _WouldSignError as found:
        draft = Draft(found.message, found.namespace, issued, tuple(mine))
        if asked.verb in beside.VERBS:  # an earlier step may have done what is said of it now
            words = beside.words(workshop, asked.verb, asked.change, asked.fields)
            asked = evolve(asked, words=words)
        return evolve(asked, draft=draft)
    raise RefusedError("there was nothing to sign", hint="load the page again")


def challenge(draft: Draft) -> str:
    """Return what the browser has a passkey sign: the purpose together with the bytes."""
    return webauthn.encode(sshsig.blob_to_sign(draft.message, draft.namespace))


def sign(
    workshop: Workshop, asked: Ask, made: Assertion, place: Place
) -> tuple[str, Mapping[str, str]]:
    """Do what was asked for with the answer of a passkey; return a sentence, and what is left.

    What is left has the fields of another ask, since a passkey signs one record at a time.

    Raises RefusedError for an answer that is no signature of the person's over just the bytes that
    were drafted, and ConflictError where those would be others by now. Nothing is done then.
    """
    draft, mine = asked.draft, usable(workshop, asked.who, place)
    if draft is None or made.credential not in mine:
        raise RefusedError("the trust file has no such passkey of yours", hint="accord trust show")
    line = mine[made.credential][0]

    def answer(message: bytes, namespace: str) -> bytes:
        if (message, namespace) != (draft.message, draft.namespace):
            raise ConflictError(
                "what you would sign changed since you looked", hint="read it again, then decide"
            )
        return passkeys.signed(line, made, message, namespace, place.origin)

    signing = _as(workshop, Signer(line, FACTOR, answer), draft.issued)
    if asked.verb in beside.VERBS:
        records.refuse_agents()
        return beside.step(signing, asked.verb, asked.change, asked.fields)
    return perform(signing, asked), {}


class _WouldSignError(Exception):
    """Raised in the place of a signature: the bytes and their purpose."""

    def __init__(self, message: bytes, namespace: str) -> None:
        super().__init__(namespace)
        self.message, self.namespace = message, namespace


@frozen
class _Moment:
    """A clock that stands still, so that what is signed says when it was drafted."""

    at: str

    def now(self) -> str:
        return self.at


def _as(workshop: Workshop, signer: Signer, issued: str) -> Workshop:
    return evolve(workshop, signer=lambda: signer, clock=_Moment(issued))
