"""The records of one change: which of them count, in the order in which they were made.

A record counts when its bytes are canonical, its file is named after them, a person whom the
trust file knows for that gate signed them, and the chain of `previous` digests leads back to the
first record without a hole. That nobody cut off the newest records is not visible from inside:
the history of the branch shows it.
"""

import re
from collections.abc import Mapping

from accord.approvals import records, sshsig
from accord.approvals.canonical import shown
from accord.core.approval import Approval, Log, Signed, Trust, Unsound
from accord.errors import RefusedError

_RECORD = re.compile(r"[0-9a-f]{32}\.json")
_SIGNATURE = re.compile(r"[0-9a-f]{32}\.sig")


class _RefusalError(Exception):
    """Why one record does not count, as the rest of a sentence that begins with its file."""


def read_log(change: str, files: Mapping[str, bytes], trust: Trust) -> Log:
    """Return the log of `change`: its sound records in the order of their chain, and the rest.

    `files` maps the names in `.accord/approvals/<change>/` to bytes. Two records that follow the
    same one are both sound: two people decided at the same time and their branches were merged;
    the order is then by distance from the first record, and by digest where that is equal. Never
    raises: whatever is hostile or broken ends in `unsound` with a reason.
    """
    verified: dict[str, Signed] = {}
    unsound: list[Unsound] = []
    for file in sorted(files):
        try:
            signed = _read(file, files, change, trust)
        except _RefusalError as refusal:
            unsound.append(Unsound(file, f"{shown(file)} {refusal}."))
        else:
            if signed:
                verified[signed.digest] = signed
    chain = _in_order(verified)
    kept = {signed.digest for signed in chain}
    unsound += [
        Unsound(_file(digest), f"{shown(_file(digest))} {_hole(signed, verified, files)}.")
        for digest, signed in verified.items()
        if digest not in kept
    ]
    return Log(tuple(chain), tuple(unsound))


def tip(log: Log) -> str | None:
    """Return the digest that the next record must name as `previous`, None for the first."""
    return log.signed[-1].digest if log.signed else None


def _read(file: str, files: Mapping[str, bytes], change: str, trust: Trust) -> Signed | None:
    """Return the verified record `file`, or None for the signature of a record that is there."""
    stem = file.rpartition(".")[0]
    if _SIGNATURE.fullmatch(file):
        if f"{stem}.json" not in files:
            raise _RefusalError("is the signature of a record that was removed")
        return None
    if not _RECORD.fullmatch(file):
        raise _RefusalError("is neither a record nor a signature")
    data = files[file]
    digest = records.digest(data)
    if digest[:32] != stem:
        raise _RefusalError(f"was changed or renamed: its bytes have the digest {digest[:32]}")
    if f"{stem}.sig" not in files:
        raise _RefusalError(f"is not signed: {stem}.sig is missing")
    try:
        approval = records.from_bytes(data)
        key = sshsig.verify(files[f"{stem}.sig"], data, records.NAMESPACE)
    except RefusedError as error:
        raise _RefusalError(f"does not verify: {error.message.rstrip('.')}") from error
    _check_signer(approval, key, trust)
    if approval.change != change:
        raise _RefusalError(f"belongs to another change, {shown(approval.change)}")
    return Signed(digest, approval, key)


def _check_signer(approval: Approval, key: str, trust: Trust) -> None:
    if approval.project != trust.project:
        raise _RefusalError(f"belongs to another project, {shown(approval.project)}")
    owners = (person for person in trust.principals if key in map(_bare, person.keys))
    person = next(owners, None)
    if person is None:
        raise _RefusalError(
            f"is signed by {sshsig.fingerprint(key)}, a key that the trust file does not know"
        )
    if person.name != approval.approver:
        raise _RefusalError(
            f"names {shown(approval.approver)} as approver, "
            f"but the key that signed it belongs to {shown(person.name)}"
        )
    role = trust.rule(approval.gate).role
    if role not in person.roles:
        raise _RefusalError(
            f"is by {shown(person.name)}, who lacks the role {shown(role)} "
            f"for the gate {shown(approval.gate)}"
        )
    if approval.assurance.factor.startswith("fido") and not key.startswith("sk-"):
        raise _RefusalError("claims a FIDO key, but the key that signed it is none")


def _in_order(verified: Mapping[str, Signed]) -> list[Signed]:
    """Return the records that can be reached from a first one, by distance and then by digest."""
    followers: dict[str | None, list[str]] = {}
    for digest, signed in verified.items():
        followers.setdefault(signed.approval.previous, []).append(digest)
    chain: list[Signed] = []
    level = sorted(followers.get(None, []))
    while level:
        chain += [verified[digest] for digest in level]
        level = sorted(after for digest in level for after in followers.get(digest, []))
    return chain


def _hole(signed: Signed, verified: Mapping[str, Signed], files: Mapping[str, bytes]) -> str:
    previous = signed.approval.previous or ""
    if previous in verified:
        return f"follows {_file(previous)}, which is cut off from the first record"
    if _file(previous) in files:
        return f"follows {_file(previous)}, which does not verify"
    return f"follows {_file(previous)}, a record that was removed"


def _file(digest: str) -> str:
    return f"{digest[:32]}.json"


def _bare(line: str) -> str:
    return " ".join(line.split()[:2])
