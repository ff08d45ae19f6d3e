"""Records made outside of Accord, by somebody with rights to the repository and own keys."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from attrs import evolve

from accord.approvals import records, sshsig
from accord.approvals.signers import Signer, generate_key, load_signer
from accord.approvals.trust import NAMESPACE as TRUST
from accord.approvals.trust import next_trust, read_trust
from accord.core.approval import Approval, GateRule, Principal
from project import Project

FOLDER = ".accord/approvals"

# The agent would write code for any prompt; if it is ever asked, there is a run to be found.
SCRIPT = """\
[[step]]
do = "write"
path = "shop/cart.py"
text = "MINUTES = 60"

[[step]]
do = "claim"
"""

Tree = dict[str, str | bytes | None]


def key_of(path: Path) -> Signer:
    """Return the signer of a new key at `path`."""
    generate_key(path, "forger")
    return load_signer(path, lambda _: "")


def own_key(project: Project) -> Signer:
    """Return the signer of the key that Accord made for the person."""
    return load_signer(project.key, lambda _: "")


def approvals(project: Project, change: str = "guest", branch: str = "") -> list[Approval]:
    """Return the records of `change`, each after the one that it follows."""
    found = {
        records.digest(data): records.from_bytes(data)
        for path, data in project.records(change, branch).items()
        if path.endswith(".json")
    }
    chain: list[Approval] = []
    last: str | None = None
    while following := [name for name, one in found.items() if one.previous == last]:
        last = following[0]
        chain.append(found[last])
    return chain


def tip(project: Project, change: str = "guest") -> str:
    """Return the digest of the newest record of `change`."""
    return records.digest(records.to_bytes(approvals(project, change)[-1]))


def signed(approval: Approval, signer: Signer | None) -> Tree:
    """Return the files of a record, with a signature where there is a signer."""
    data = records.to_bytes(approval)
    path, signature = records.paths(approval.change, data)
    files: Tree = {path: data}
    if signer is not None:
        files[signature] = signer.sign(data, records.NAMESPACE)
    return files


def edited(data: bytes, edit: Callable[[dict[str, Any]], None]) -> bytes:
    """Return the record `data` with its predicate edited, in canonical form."""
    value = json.loads(data)
    edit(value["predicate"])
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def next_version(
    project: Project, people: Mapping[str, tuple[Signer, tuple[str, ...]]],
    gates: Mapping[str, GateRule] | None = None,
) -> Tree:  # fmt: skip
    """Return version 2 of the trust file, which the first person signed, with `people` added."""
    first = read_trust({"v1.json": project.file("main", ".accord/trust/v1.json")})
    added = [Principal(name, (signer.line,), roles) for name, (signer, roles) in people.items()]
    rules = {**first.gates, **(gates or {})}
    data = next_trust(evolve(first), (*first.principals, *added), rules)
    signature = own_key(project).sign(data, TRUST)
    return {".accord/trust/v2.json": data, ".accord/trust/v2.robin.sig": signature}


def fingerprint(signer: Signer) -> str:
    """Return the fingerprint of the signer's key."""
    return sshsig.fingerprint(signer.line)


def starts_nothing(project: Project, change: str = "guest", *, drafts: bool = False) -> str:
    """Run with an agent that would write code; nothing may come of it. Return what was said.

    `drafts`: the agent is asked for a document, which it may write, and for nothing else.
    """
    script = project.root / "script.toml"
    script.write_text(SCRIPT)
    tree = project.git("rev-parse", f"accord/{change}:shop")
    result = project.run("run", change, "--script", str(script))
    assert drafts or not project.agent_ran()
    assert f"{change}-T1" not in project.worktrees()
    assert project.git("rev-parse", f"accord/{change}:shop") == tree
    assert not [ref for ref in project.refs() if ref.startswith("refs/accord/tasks/")]
    return result.said


def shut(project: Project, reason: str, change: str = "guest") -> None:
    """No gate of the change may be open, and the reason is said."""
    gates = [gate for gate in project.show(change)["gates"] if gate["standing"] != "skipped"]
    assert {gate["standing"] for gate in gates} == {"shut"}
    assert reason in gates[0]["reason"]
    result = project.run("approve", change, "--yes")
    assert result.exit == 1
    assert "cannot be approved" in result.err
    assert reason in " ".join(result.err.split())
    starts_nothing(project, change)
