"""Several people on one machine: their keys, and who of them is at the keyboard."""

from typing import Any

import forgery
from accord.approvals.signers import Signer
from project import Project


def key(project: Project, name: str) -> Signer:
    """Return the signer of a new key in a file called `name` beside the checkout."""
    return forgery.key_of(project.root / name)


def add(project: Project, name: str, *more: str) -> Signer:
    """Add the person `name` with a new key; return its signer."""
    signer = key(project, name)
    project.ok("trust", "add", name, "--key", str(project.root / f"{name}.pub"), *more)
    return signer


def become(project: Project, name: str, git: str = "") -> None:
    """Let the machine sign with the key of `name`, and git know the person as `git`."""
    file = project.root / "config/accord/projects" / f"{project.trust_project}.toml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("key")]
    path = project.key if name == "robin" else project.root / name
    file.write_text("\n".join([f'key = "{path}"', *lines]) + "\n")
    project.git("config", "user.name", git or name.title())


def shown(project: Project) -> dict[str, Any]:
    """Return `accord trust show --json`."""
    found: dict[str, Any] = project.ok("trust", "show", "--json").json
    return found


def story(project: Project) -> tuple[str, str]:
    """Return how the story gate of the change stands, and why."""
    gate = project.show()["gates"][0]
    return gate["standing"], gate["reason"]
