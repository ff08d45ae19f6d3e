"""Small specs and the signed records about them, as values: what gates are decided from."""

from collections.abc import Mapping

from attrs import evolve

from accord.core import gates
from accord.core.approval import Approval, Decision, Json, Log, Signed, Trust
from accord.core.gates import TRACK_GATE, Facts, Gate, Standing
from accord.core.model import STAGES, Spec, Stage, sha256
from accord.formats import native

STORY = """# Guest checkout

Guests buy without an account.

- Q1 (answered) May a guest order be claimed later?
  - Answer: No.

## Requirements

### R1 Keep the cart
As a guest, I want my cart kept.

- R1.1 WHEN the card is declined THE shop SHALL keep the cart.
- R1.2 WHEN an hour has passed THE shop SHALL empty the cart.

### R2 Receipt
- R2.1 WHEN payment succeeds THE shop SHALL mail a receipt.

## Later, not in this change
- R3.1 WHEN a guest returns THE shop SHALL greet them.
"""
DESIGN = """# Design

How it hangs together.

## D1 Cart store
Satisfies: R1.1, R1.2

A row for each cart.

## D2 Mail
Satisfies: R2.1

One template.
"""
TASKS = """# Tasks

- [ ] T1 Keep the cart
  - Satisfies: R1.1
  - Touches: shop/cart/**
- [ ] T2 Empty the cart
  - Satisfies: R1.2
  - Touches: shop/cart/**
- [ ] T3 Mail a receipt
  - Satisfies: R2.1
  - Touches: shop/mail/**
"""
FILES = {"requirements.md": STORY, "design.md": DESIGN, "tasks.md": TASKS}
CODE = {"shop/cart/store.py": "a" * 64, "shop/mail/send.py": "b" * 64}


def spec(files: Mapping[str, str] = FILES) -> Spec:
    """Return the spec in `files`."""
    return Spec(tuple(native.read(path, text.encode()) for path, text in files.items()))


def facts(*approvals: Approval, files: Mapping[str, str] = FILES, built: bool = True) -> Facts:
    """Return what the gates of a change with `approvals` are decided from."""
    return Facts(spec(files), log(*approvals), Trust("shop", 1, ()), "policy", CODE, built)


def log(*approvals: Approval) -> Log:
    """Return a log of sound records."""
    return Log(
        tuple(Signed(sha256(f"{at}".encode()), one, "key") for at, one in enumerate(approvals))
    )


def record(
    gate: str, items: Mapping[str, str], *, by: str = "ann", number: int = 1,
    decision: Decision = Decision.APPROVE, details: dict[str, Json] | None = None,
) -> Approval:  # fmt: skip
    """Return a record about `items` at `gate`."""
    return Approval(
        "shop", "guests", gate, decision, number, (), dict(items), "policy", by,
        "2026-06-01T10:00:00Z", details=details or {},
    )  # fmt: skip


def on_track(track: Json, number: int = 1, decision: Decision = Decision.APPROVE) -> Approval:
    """Return a record that sets the track."""
    return record(TRACK_GATE, {}, number=number, details={"track": track}, decision=decision)


def also(known: Facts, *approvals: Approval) -> Facts:
    """Return the same facts with more records."""
    return evolve(known, log=log(*(one.approval for one in known.log.signed), *approvals))


def now(known: Facts) -> Gate:
    """Return the first gate that is not passed."""
    gate = gates.current(gates.standings(known))
    assert gate is not None
    return gate


def at(known: Facts, stage: Stage) -> Gate:
    """Return the gate of `stage`."""
    return gates.standings(known)[STAGES.index(stage)]


def agreed(known: Facts, upto: Stage = Stage.RELEASE) -> Facts:
    """Approve what each gate covers, one after the other."""
    while (gate := gates.current(gates.standings(known))) is not None:
        if STAGES.index(gate.stage) > STAGES.index(upto):
            break
        assert gate.standing is Standing.WAITING, gate
        known = also(known, record(gate.stage, gate.items, number=gate.round + 1))
    return known
