"""What a test needs of the machine: else it is skipped, or fails where nothing may be left out."""

import os

import pytest


def need(there: bool, what: str) -> None:
    """Skip for want of `what`; fail where ACCORD_REQUIRE_ALL says that nothing is left out."""
    if there:
        return
    if os.environ.get("ACCORD_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is missing: see .ci/run")
    pytest.skip(f"{what} is missing")
