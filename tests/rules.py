"""Decisions and signed records about them, as values."""

from collections.abc import Mapping, Sequence

from attrs import evolve

from accord.core import decision_record
from accord.core.approval import Approval, Decision, Json, Log, Signed, Trust
from accord.core.decision_record import Rule
from accord.core.decisions import GATE, Act, Register, register
from accord.core.model import sha256

TRUST = Trust("shop", 1, ())


def rule(slug: str, statement: str, *lines: str, body: str = "") -> Rule:
    """Return a decision as it would be read from its file."""
    text = "\n".join(
        ["---", f"id: D-{slug}", "status: proposed", f"statement: {statement}", *lines, "---", body]
    )
    found, faults = decision_record.read(slug, text.encode())
    assert found is not None
    assert faults == ()
    return evolve(found, status="active")


def signed(
    act: Act, items: Mapping[str, str], *, by: str = "robin", new: str = "", number: int = 1
) -> Signed:
    """Return a record that does `act`; its signature was verified."""
    details: dict[str, Json] = {"act": str(act)}
    if new:
        details["new"] = new
    approval = Approval(
        "shop", "decisions", GATE, Decision.APPROVE, number, (), dict(items), "", by,
        f"2026-06-{number:02}T10:00:00Z", details=details,
    )  # fmt: skip
    return Signed(sha256(repr(approval).encode()), approval, "key")


def activated(rules: Sequence[Rule]) -> Log:
    """Return a log in which each rule was put in force as it is."""
    return Log(tuple(signed(Act.ACTIVATE, {one.slug: one.digest}) for one in rules))


def in_force(*rules: Rule) -> Register:
    """Return a register in which all of `rules` are in force."""
    files = {one.slug: [decision_record.write(one)] for one in rules}
    read = [decision_record.read(slug, texts[0])[0] for slug, texts in files.items()]
    return register(files, activated([one for one in read if one]), TRUST)
