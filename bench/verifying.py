"""What it costs to believe: verify the signed approvals of a change."""

import tempfile
import time
from pathlib import Path
from shutil import which

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accord.approvals import records, sshsig
from accord.approvals.log import read_log
from accord.core.approval import Approval, Decision, Principal, Subject, Trust
from bench.meter import spent
from bench.table import Figure, Peer

BUDGET = 1.0
PROJECT, CHANGE = "3f" * 16, "cart"
KEY = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
LINE = sshsig.line_of(KEY.public_key())
TRUST = Trust(PROJECT, 1, (Principal("robin", (LINE,)),))


def measure(count: int = 1000, repeats: int = 3, sample: int = 20) -> Figure:
    """Return the CPU seconds to verify `count` approvals beside `ssh-keygen -Y verify` on each.

    The peer verifies `sample` of them, one process each, and is scaled up.
    """
    files = made(count)
    ours = min(_seconds(files, count) for _ in range(repeats))
    theirs = _peer(files, sample) * count / sample if which("ssh-keygen") else None
    peer = Peer("ssh-keygen -Y verify, each", theirs)
    note = f"20 items in each approval; the peer did {sample} and is scaled"
    return Figure(f"verify {count:,} approvals", ours, "CPU s", BUDGET, (peer,), note=note)


def made(count: int) -> dict[str, bytes]:
    """Return the files of `count` approvals, each after the one before, all by one person."""
    files: dict[str, bytes] = {}
    previous = None
    for number in range(count):
        data = records.to_bytes(_approval(number, previous))
        previous = records.digest(data)
        files[f"{previous[:32]}.json"] = data
        files[f"{previous[:32]}.sig"] = sshsig.sign(KEY, data, records.NAMESPACE)
    return files


def _approval(number: int, previous: str | None) -> Approval:
    items = {f"R{one}.1": f"{number * 100 + one:064x}" for one in range(20)}
    subject = Subject("specs/cart/requirements.md", f"{number:064x}")
    return Approval(
        PROJECT, CHANGE, "story", Decision.APPROVE, number + 1, (subject,), items, "b0" * 32,
        "robin", "2026-06-01T10:00:00Z", ("robin",), previous=previous,
    )  # fmt: skip


def _seconds(files: dict[str, bytes], count: int) -> float:
    began = time.process_time()
    log = read_log(CHANGE, files, TRUST)
    took = time.process_time() - began
    if len(log.signed) != count or log.unsound:  # else it would be no measure
        raise ValueError("an honest approval was not believed")
    return took


def _peer(files: dict[str, bytes], sample: int) -> float:
    """Return the CPU seconds of ssh-keygen for `sample` records, without those of the shell."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "allowed").write_text(f"robin {LINE}\n")
        names = [file for file in files if file.endswith(".json")][:sample]
        for file in names:
            (folder / file).write_bytes(files[file])
            (folder / file).with_suffix(".sig").write_bytes(files[file.replace(".json", ".sig")])
        verify = f"ssh-keygen -Y verify -f allowed -I robin -n {records.NAMESPACE}"
        lines = [f"{verify} -s {Path(one).stem}.sig < {one} || exit 1" for one in names]
        (folder / "all.sh").write_text("\n".join(lines))
        (folder / "none.sh").write_text("\n".join(":" for _ in names))
        whole, _ = spent(["sh", "all.sh"], folder)
        floor, _ = spent(["sh", "none.sh"], folder)
    return max(whole - floor, 0.0)
