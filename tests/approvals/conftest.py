import shutil
from collections.abc import Callable

import pytest

from accord.core.approval import Approval, Assurance, Decision, Reviewed, Subject
from needing import need

Requires = Callable[[str], str]


@pytest.fixture(scope="session")
def requires() -> Requires:
    """Find a program; without it skip, or fail where ACCORD_REQUIRE_ALL says that all are there."""

    def find(program: str) -> str:
        found = shutil.which(program)
        need(found is not None, program)
        return str(found)

    return find


@pytest.fixture(scope="session")
def approval() -> Approval:
    """An approval in which no field has its default."""
    return Approval(
        project="3f" * 16,
        change="guest-checkout",
        gate="story",
        decision=Decision.APPROVE,
        round=2,
        subject=(Subject("specs/guest-checkout/requirements.md", "d3" * 32),),
        items={"R1.1": "a1" * 32, "R1.2": "a2" * 32},
        policy="b0" * 32,
        approver="alice",
        issued="2026-06-01T10:00:00Z",
        authors=("agent:claude", "bob"),
        reason="Zażółć: fits on one line",
        previous="c4" * 32,
        reviewed=Reviewed(1, ("R1.2",), "c4" * 32, "rendered"),
        assurance=Assurance("ssh-passphrase", 3, "server"),
        channel="web",
        tool="accord 0.1.0",
        details={"track": "full", "evidence": [{"tests": 12, "passed": True, "skipped": None}]},
    )
