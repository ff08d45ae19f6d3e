"""Specs are held against one another and against the files; what did not move is not read again."""

import os
from pathlib import Path

import pytest

from accord.app import checking
from accord.app.checking import Checked
from accord.core.checks import Finding

PURPOSE = "## Purpose\nThe cart of a shopper is kept while the shopper is away for a while.\n\n"
CART = "openspec/specs/cart/spec.md"
KEPT = """### Requirement: Kept cart
WHEN a card is declined the shop SHALL keep the cart for 60 minutes.

#### Scenario: Declined
- **WHEN** the card is declined
- **THEN** the cart is there
"""


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def living(text: str = KEPT) -> str:
    return f"# Cart\n\n{PURPOSE}## Requirements\n\n{text}"


def delta(text: str, kind: str = "MODIFIED") -> str:
    return f"## {kind} Requirements\n\n{text}"


def all_of(found: tuple[Checked, ...], rule: str) -> list[Finding]:
    return [one for spec in found for one in spec.findings if one.rule == rule]


def told(root: Path, rule: str, kept: Path | None = None) -> list[str]:
    return [one.message for one in all_of(checking.check(root, [], kept=kept), rule)]


def test_living_specs_are_checked_by_the_rules_of_their_host(tmp_path: Path) -> None:
    lay(tmp_path, {"openspec/specs/shop/cart/spec.md": living("### Requirement: Kept\n")})

    (found,) = checking.check(tmp_path, [])

    assert (found.folder, found.format) == ("openspec/specs/shop/cart", "openspec")
    assert {one.rule for one in found.findings} == {"no-text", "no-scenario"}
    assert checking.check(tmp_path, ["openspec/specs/shop"]) == (found,)
    assert checking.check(tmp_path, ["openspec/specs/shop/cart"]) == (found,)


def test_a_change_is_checked_against_the_spec_that_it_changes(tmp_path: Path) -> None:
    lay(tmp_path, {
        "openspec/specs/cart/spec.md": living(),
        "openspec/changes/one/proposal.md": "# One\n",
        "openspec/changes/one/specs/cart/spec.md": delta(KEPT.replace("rio: Decl", "rio: ")),
    })  # fmt: skip

    assert told(tmp_path, "lost-scenario") == ["'Kept cart' leaves out scenarios: Declined"]


def test_two_changes_that_edit_one_requirement_know_of_each_other(tmp_path: Path) -> None:
    lay(tmp_path, {
        "openspec/specs/cart/spec.md": living(),
        "openspec/changes/one/specs/cart/spec.md": delta(KEPT),
        "openspec/changes/two/specs/cart/spec.md": delta("### Requirement: Kept cart\n", "REMOVED"),
        "openspec/changes/three/specs/cart/spec.md": delta(KEPT.replace("Kept", "New"), "ADDED"),
    })  # fmt: skip

    assert told(tmp_path, "edited-twice") == [
        "cart/Kept cart is edited by openspec/changes/one too"
    ]


def test_a_contradiction_between_specs_names_both_places(tmp_path: Path) -> None:
    other = KEPT.replace("Kept cart", "Held cart").replace("60", "30")
    lay(tmp_path, {
        "openspec/specs/cart/spec.md": living(),
        "openspec/specs/held/spec.md": living(other),
        "openspec/changes/one/specs/cart/spec.md": delta(KEPT.replace("60", "90")),
    })  # fmt: skip

    found = all_of(checking.check(tmp_path, []), "contradiction")

    # The change says something else about the requirement that it changes, as it is meant to.
    assert [(one.path, one.line, one.message) for one in found] == [
        (
            "openspec/specs/held/spec.md",
            8,
            f"held/Held cart and {CART}:8 cannot both hold: one says 60, the other 30",
        )
    ]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("**Status**: Approved", "**Supersedes**: 001-cart", 1),
        ("**Status**: Superseded", "**Supersedes**: 001-cart", 0),
        ("**Status**: Draft\n**Superseded by**: 002-cart", "", 1),
        ("**Superseded by**: specs/002-cart", "**Supersedes**: specs/001-cart", 0),
        ("**Status**: Draft", "**Status**: Draft", 0),
    ],
)
def test_a_superseded_spec_that_is_still_called_current_is_told(
    tmp_path: Path, old: str, new: str, wanted: int
) -> None:
    for name, head in (("001-cart", old), ("002-cart", new)):
        text = f"# Feature\n\n{head}\n\n## Requirements\n\n- **FR-001**: System MUST keep it\n"
        lay(tmp_path, {f"specs/{name}/spec.md": text})

    found = all_of(checking.check(tmp_path, []), "superseded")

    assert len(found) == wanted
    assert all(one.path.startswith("specs/001-cart") for one in found)


def test_where_a_superseded_spec_says_nothing_of_itself_its_file_is_named(tmp_path: Path) -> None:
    keep = "**FR-001**: System MUST keep the cart of a guest for 60 minutes after a decline"
    for name, head in (("001-cart", ""), ("002-cart", "**Supersedes**: 001-cart\n\n")):
        text = f"# Feature\n\n{head}## Requirements\n\n- {keep}\n"
        lay(tmp_path, {f"specs/{name}/spec.md": text})

    (found,) = all_of(checking.check(tmp_path, []), "superseded")

    assert found.path == "specs/001-cart/spec.md"


def test_a_tick_that_lies_is_told_until_the_file_is_there(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    lay(tmp_path, {
        "specs/001-cart/spec.md": "# Feature\n",
        "specs/001-cart/tasks.md": "## Phase 1\n\n- [x] T001 Write src/cart.py\n",
        "src/other.py": "",
    })  # fmt: skip
    words = "T001 is ticked, but src/cart.py is not there"

    assert told(tmp_path, "ticked-but-absent", kept) == [words]
    assert told(tmp_path, "ticked-but-absent", kept) == [words]
    lay(tmp_path, {"src/cart.py": ""})
    assert told(tmp_path, "ticked-but-absent", kept) == []


def test_what_was_kept_is_what_would_be_found(tmp_path: Path) -> None:
    kept, root = tmp_path / "kept", tmp_path / "repo"
    lay(root, {
        "openspec/specs/cart/spec.md": living(),
        "openspec/specs/held/spec.md": living(KEPT.replace("60", "30").replace("Kept", "Held")),
        "openspec/changes/one/specs/cart/spec.md": delta(KEPT),
        "openspec/changes/two/specs/cart/spec.md": delta(KEPT),
        "specs/001-a/spec.md": "# A\n\n**Supersedes**: 002-b\n",
        "specs/002-b/spec.md": "# B\n\n- **FR-001**: System MUST be fast\n",
    })  # fmt: skip

    def same() -> tuple[Checked, ...]:
        fresh = checking.check(root, [])
        assert checking.check(root, [], kept=kept) == fresh
        assert checking.check(root, [], kept=kept) == fresh
        return fresh

    first = same()
    assert all_of(first, "contradiction")
    lay(root, {"openspec/specs/held/spec.md": living(KEPT.replace("Kept", "Held"))})
    assert not all_of(same(), "contradiction")
    (root / "openspec/changes/two/specs/cart/spec.md").unlink()
    (root / "openspec/changes/two/specs/cart").rmdir()
    assert not all_of(same(), "edited-twice")
    lay(root, {"openspec/specs/cart/spec.md": living(KEPT.replace("Declined\n", "Other\n"))})
    assert all_of(same(), "lost-scenario")
    for name in ("specs.json", "facts.json"):
        (kept / name).write_text("[]")
        same()
        (kept / name).write_text("{")
        same()


def test_a_file_that_did_not_move_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, root = tmp_path / "kept", tmp_path / "repo"
    lay(root, {f"openspec/specs/cart{n}/spec.md": living() for n in range(4)})
    first = checking.check(root, [], kept=kept)
    # As if the findings had been kept long after the files were written.
    later = (kept / "specs.json").stat().st_mtime_ns + 10**10
    os.utime(kept / "specs.json", ns=(later, later))
    read: list[Path] = []
    real = Path.read_bytes

    def counted(path: Path) -> bytes:
        read.append(path)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", counted)
    assert checking.check(root, [], kept=kept) == first
    assert [path.name for path in read] == ["specs.json"]

    (root / "openspec/specs/cart1/spec.md").write_text(living(KEPT + "\n"))
    os.utime(kept / "specs.json", ns=(later, later))
    checking.check(root, [], kept=kept)
    assert [path.parent.name for path in read if path.name == "spec.md"] == ["cart1"]


def test_an_edit_that_keeps_size_and_time_is_seen(tmp_path: Path) -> None:
    kept, root = tmp_path / "kept", tmp_path / "repo"
    lay(root, {"openspec/specs/cart/spec.md": living()})
    path = root / "openspec/specs/cart/spec.md"
    assert told(root, "no-keyword", kept) == []
    later = (kept / "specs.json").stat().st_mtime_ns + 10**10
    os.utime(kept / "specs.json", ns=(later, later))
    was = path.stat()

    path.write_text(living(KEPT.replace("SHALL", "shall")))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))

    assert path.stat().st_size == was.st_size
    assert len(told(root, "no-keyword", kept)) == 1
