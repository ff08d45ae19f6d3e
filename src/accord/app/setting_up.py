"""Set Accord up in a repository: the trust file, the configuration, how git keeps the bytes."""

from collections.abc import Collection

from accord.app import config
from accord.approvals.trust import FOLDER as TRUST
from accord.approvals.trust import first_trust
from accord.core.ports import Repo

ATTRIBUTES = ".gitattributes"
# Approvals are over raw bytes, so no checkout may change a line end.
EXACT = (b".accord/** -text", b"specs/** -text")


def first_files(
    repo: Repo, head: str, *, project: str, name: str, key_line: str, settings: str
) -> dict[str, bytes]:
    """Return the files that setting up writes, by path; `settings` is the configuration."""
    attributes = repo.read(head, ATTRIBUTES) or b""
    missing = [line for line in EXACT if line not in attributes.splitlines()]
    if attributes and not attributes.endswith(b"\n"):
        attributes += b"\n"
    return {
        f"{TRUST}/v1.json": first_trust(project, name, key_line),
        config.PATH: settings.encode(),
        ATTRIBUTES: attributes + b"".join(line + b"\n" for line in missing),
    }


def guess_verify(names: Collection[str]) -> str:
    """Return the command that would run the tests of a project with these files at its top."""
    guesses = (
        ("pyproject.toml", "python -m pytest -q"),
        ("setup.py", "python -m pytest -q"),
        ("pytest.ini", "python -m pytest -q"),
        ("package.json", "npm test"),
        ("go.mod", "go test -v ./..."),
        ("Cargo.toml", "cargo test"),
    )
    return next((command for name, command in guesses if name in names), "")
