"""The trust file in words: what a version changes, and what a rule asks for."""

from accord.approvals import sshsig
from accord.approvals.passkeys import Offer
from accord.core.approval import GateRule, Passkey, Principal, Trust


def differences(before: Trust, after: Trust) -> tuple[str, ...]:
    """Return in words, one clause each, what a version changes about the one before."""
    said = []
    for name in sorted({one.name for one in (*before.principals, *after.principals)}):
        old, new = before.principal(name), after.principal(name)
        was, now = (set(one.keys) if one else set() for one in (old, new))
        said += [f"{name} gets the key {shown(key, new)}" for key in sorted(now - was)]
        said += [f"{name} loses the key {sshsig.fingerprint(key)}" for key in sorted(was - now)]
        roles = [set(one.roles) if one else set() for one in (old, new)]
        said += [f"{name} gets the role {one}" for one in sorted(roles[1] - roles[0])]
        said += [f"{name} loses the role {one}" for one in sorted(roles[0] - roles[1])]
        if new and (not old or old.logins != new.logins) and new.logins:
            said.append(f"{name} signs in as {', '.join(new.logins)}")
        if old and new and old.aliases != new.aliases:
            said.append(f"{name} commits as {', '.join(new.aliases)}")
        if old and new and any(old.marks.get(key) != new.marks.get(key) for key in was & now):
            said.append(f"{name} has other marks at a key")
        if old and new and any(old.passkeys.get(key) != new.passkeys.get(key) for key in was & now):
            said.append(f"{name} has another page or name at a passkey")
    for gate in sorted({*before.gates, *after.gates}):
        if before.rule(gate) != after.rule(gate):
            said.append(f"{gate} asks for {asks(after.rule(gate))}")
    dropped, kept = set(before.keeps) - set(after.keeps), set(after.keeps) - set(before.keeps)
    if kept:
        said.append(f"{_count(len(kept), 'record')} by a key that goes go on counting")
    if dropped:
        said.append(f"{_count(len(dropped), 'record')} that were kept count no more")
    if after.reason:
        said.append(f"because: {after.reason}")
    return tuple(said) or ("nothing changes",)


def asks(rule: GateRule) -> str:
    """Return in words what a rule asks for."""
    people = "1 person" if rule.threshold == 1 else f"{rule.threshold} people"
    parts = [f"{people} with the role {rule.role}"]
    if rule.separate:
        parts.append("who did not write it")
    if rule.fresh:
        parts.append("not only who alone approved the spec")
    if rule.factor:
        parts.append(f"a key of {rule.factor} or better")
    if rule.hardware:
        parts.append("a key that is proved to be in a device")
    if rule.level:
        parts.append(f"a wall of level {rule.level} or higher")
    return ", ".join(parts)


def shown(key: str, person: Principal | None) -> str:
    """Return the fingerprint of a key and what is known of it.

    That a key is a FIDO key is its own word, unless its maker's was shown when it was added.
    """
    passkey = person.passkeys.get(key) if person else None
    if passkey is not None:
        return _passkey(key, passkey)
    marks = person.marks.get(key, ()) if person else ()
    proved = person is not None and person.attested(key)
    claims = ["claims to be a FIDO key"] if key.startswith("sk-") and not proved else []
    said = f" ({', '.join([*claims, *marks])})" if claims or marks else ""
    return f"{sshsig.fingerprint(key)}{said}"


def offered(offer: Offer) -> str:
    """Return in words a passkey that nobody trusts yet."""
    return _passkey(offer.line, offer.passkey)


def _passkey(key: str, passkey: Passkey) -> str:
    return f"{sshsig.fingerprint(key)} (passkey {passkey.name!a} on {passkey.origin})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
