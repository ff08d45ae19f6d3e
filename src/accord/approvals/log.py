"""The records of one change: which of them count, in the order in which they were made.

A record counts when its bytes are canonical, its file is named after them, a person whom the
trust file knows for that gate signed them, and the chain of `previous` digests leads back to the
first record without a hole. That nobody cut off the newest records is not visible from inside:
the history of the branch shows it.

Whose key was revoked could still sign, and date it back. So a time is never asked: a record by a
key that an earlier version of the trust file knew counts only if the present version names the
record; else it is sound but lapsed, and opens nothing.
"""

import re
from collections.abc import Mapping

from attrs import frozen

from accord.approvals import records, sshsig
from accord.approvals.canonical import shown
from accord.approvals.trust import unverified
from accord.core.approval import Approval, Log, Principal, Signed, Trust, Unsound
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
    keyring = _keyring(trust)
    for file in sorted(files):
        try:
            signed = _read(file, files, change, keyring)
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


@frozen
class _Version:
    """One version of the trust file, with the owner of each key in it."""

    trust: Trust
    owners: Mapping[str, Principal]

    def entitles(self, approval: Approval, key: str) -> bool:
        """Tell whether `key` is that of the approver, who has the role for the gate."""
        person = self.owners.get(key)
        role = self.trust.rule(approval.gate).role
        return person is not None and person.name == approval.approver and role in person.roles


@frozen
class _Keyring:
    """Every version of the trust file, the newest first, and the records that it keeps."""

    versions: tuple[_Version, ...]
    keeps: frozenset[str]


def _keyring(trust: Trust) -> _Keyring:
    return _Keyring(
        tuple(
            _Version(one, {_bare(key): person for person in one.principals for key in person.keys})
            for one in (trust, *reversed(trust.earlier))
        ),
        frozenset(trust.keeps),
    )


def _read(
    file: str, files: Mapping[str, bytes], change: str, keyring: _Keyring
) -> Signed | None:  # fmt: skip
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
        proof = sshsig.prove(files[f"{stem}.sig"], data, records.NAMESPACE)
    except RefusedError as error:
        raise _RefusalError(f"does not verify: {error.message.rstrip('.')}") from error
    lapsed = _check_signer(approval, digest, proof, keyring)
    owner = next(one.owners[proof.key] for one in keyring.versions if proof.key in one.owners)
    if approval.change != change:
        raise _RefusalError(f"belongs to another change, {shown(approval.change)}")
    return Signed(
        digest, approval, proof.key, proof.factor or approval.assurance.factor, lapsed,
        attested=owner.attested(proof.key),
    )  # fmt: skip


def _check_signer(
    approval: Approval, digest: str, proof: sshsig.Proof, keyring: _Keyring
) -> str:  # fmt: skip
    """Return why the record lapsed, or an empty string. Raises _RefusalError for a forged one."""
    now = keyring.versions[0]
    if approval.project != now.trust.project:
        raise _RefusalError(f"belongs to another project, {shown(approval.project)}")
    version = next((one for one in keyring.versions if one.entitles(approval, proof.key)), None)
    if version is None:
        raise _never_entitled(approval, proof.key, now)
    person = version.owners[proof.key]
    if fault := unverified(now.owners.get(proof.key, person), proof):
        raise _RefusalError(fault)
    factor = approval.assurance.factor
    if factor.startswith("fido") and not proof.fido:
        raise _RefusalError("claims a FIDO key, but the key that signed it is none")
    if factor == "fido-uv" and proof.fido != "uv":
        raise _RefusalError("claims a PIN or a finger, but the key says that it was only touched")
    owner = now.owners.get(proof.key)
    # A key that has another owner by now must not make two people of one.
    kept = digest in keyring.keeps and (owner is None or owner.name == approval.approver)
    if version is now or kept:
        return ""
    until = version.trust.version + 1
    return (
        f"{shown(approval.approver)} signed with {sshsig.fingerprint(proof.key)}, "
        f"which counts no more since version {until} of the trust file"
    )


def _never_entitled(approval: Approval, key: str, now: _Version) -> _RefusalError:
    person = now.owners.get(key)
    if person is None:
        return _RefusalError(
            f"is signed by {sshsig.fingerprint(key)}, a key that the trust file does not know"
        )
    if person.name != approval.approver:
        return _RefusalError(
            f"names {shown(approval.approver)} as approver, "
            f"but the key that signed it belongs to {shown(person.name)}"
        )
    role = now.trust.rule(approval.gate).role
    return _RefusalError(
        f"is by {shown(person.name)}, who lacks the role {shown(role)} "
        f"for the gate {shown(approval.gate)}"
    )


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
