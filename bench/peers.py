"""The peers: what else a team could use, installed for the time of the measurement."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.place import ROOT

OPENSPEC = "@fission-ai/openspec@1.13.2"
SANDBOX_RUNTIME = "@anthropic-ai/sandbox-runtime@0.0.78"
ACCORD = str(Path(sys.executable).with_name("accord"))


@contextmanager
def installed(root: Path = ROOT) -> Iterator[str]:
    """Yield the program of OpenSpec, or an empty string where it cannot be installed."""
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        yield _install(Path(folder), OPENSPEC, "openspec")


@contextmanager
def sandbox_runtime(root: Path = ROOT) -> Iterator[str]:
    """Yield the program `srt`, or an empty string where it cannot be installed."""
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as folder:
        yield _install(Path(folder), SANDBOX_RUNTIME, "srt")


def _install(folder: Path, package: str, name: str) -> str:
    npm = shutil.which("npm")
    if npm is None:
        return ""
    words = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
    try:
        subprocess.run([*words, package], capture_output=True, timeout=180, check=True)
    except subprocess.SubprocessError:
        return ""
    program = folder / "node_modules" / ".bin" / name
    return str(program) if program.exists() else ""


def open_changes(folder: Path, count: int) -> None:
    """Lay out `count` open changes as OpenSpec keeps them: a proposal, a delta and tasks each."""
    (folder / "openspec" / "specs").mkdir(parents=True)
    for number in range(count):
        change = folder / "openspec" / "changes" / f"cart-{number:03}"
        spec = change / "specs" / "cart" / "spec.md"
        spec.parent.mkdir(parents=True)
        (change / "proposal.md").write_text(
            f"# Keep the cart {number}\n\n## Why\n\nShoppers come back.\n\n## What Changes\n\n"
            "- Keep the cart for thirty days\n\n## Impact\n\n- src/cart\n"
        )
        spec.write_text(
            "## ADDED Requirements\n\n### Requirement: Kept cart\nThe shop SHALL keep the cart.\n\n"
            "#### Scenario: Coming back\n- **WHEN** a shopper returns\n- **THEN** it is there\n"
        )
        done = "x" if number % 2 else " "
        (change / "tasks.md").write_text(f"## 1. Build\n\n- [{done}] 1.1 Keep it\n- [ ] 1.2 Test\n")
