"""Set Accord up in a repository: the trust file, the configuration, how git keeps the bytes."""

from collections.abc import Collection

from accord.app import config
from accord.approvals.trust import FOLDER as TRUST
from accord.approvals.trust import first_trust
from accord.core.ports import Repo
from accord.formats import registry

ATTRIBUTES = ".gitattributes"
# Approvals are over raw bytes, so no checkout may change a line end.
EXACT = b".accord/** -text"


def first_files(
    repo: Repo, head: str, *, project: str, name: str, key_line: str, settings: str, form: str
) -> dict[str, bytes]:
    """Return the files that setting up writes, by path.

    `settings` is the configuration and `form` the format of the specs.
    """
    attributes = repo.read(head, ATTRIBUTES) or b""
    specs = f"{registry.named(form).home('**')} -text".encode()
    missing = [line for line in (EXACT, specs) if line not in attributes.splitlines()]
    if attributes and not attributes.endswith(b"\n"):
        attributes += b"\n"
    return {
        f"{TRUST}/v1.json": first_trust(project, name, key_line),
        config.PATH: settings.encode(),
        ATTRIBUTES: attributes + b"".join(line + b"\n" for line in missing),
    }


def guess_format(repo: Repo, head: str) -> str:
    """Return the name of the format that the specs in a repository are written in."""
    if repo.names(head, ".kiro/specs"):
        return "kiro"
    if repo.names(head, "openspec/specs") or repo.names(head, "openspec/changes"):
        return "openspec"
    features = [f"specs/{name}" for name in repo.names(head, "specs")]
    found = [registry.detect(one, repo.names(head, one)) for one in features]
    if ".specify" in repo.names(head, "") or any(one and one.name == "spec-kit" for one in found):
        return "spec-kit"
    return registry.NAME


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
