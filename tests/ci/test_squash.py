"""A squashed change: its records come with its code, and its review binds every byte of that."""

from pathlib import Path

import gitrepo
from clones import Clone, Source

MESSAGE = "Keep the cart (#7)"


def squashed(source: Source, folder: Path, moment: str = "reviewed") -> Clone:
    """Return a clone whose index holds the squashed change on the base, not committed yet."""
    clone = source.clone(folder / "clone", "main")
    clone.git("merge", "-q", "--squash", source.commits[moment])
    return clone


def test_a_squash_of_what_was_reviewed(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    clone.commit({}, MESSAGE)
    assert clone.accepted() == 1


def test_a_squash_onto_a_base_that_moved_elsewhere(source: Source, tmp_path: Path) -> None:
    clone = source.clone(tmp_path / "clone", "main")
    base = clone.commit({"README.md": "shop\n"}, "What the base has since")
    clone.git("merge", "-q", "--squash", source.commits["reviewed"])
    clone.commit({}, MESSAGE)
    assert clone.accepted(base) == 1


def test_a_squash_with_every_message_in_its_own(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    clone.commit({}, f"{MESSAGE}\n\n* one\n\n{clone.trailer}\n{clone.trailer}\n")
    assert clone.accepted() == 1


def test_t3_a_squash_with_one_byte_more(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    path = clone.top / "shop/cart.py"
    clone.commit({"shop/cart.py": path.read_text() + "#"}, MESSAGE)
    assert clone.rules() == {"squash"}


def test_t3_a_squash_with_one_file_more(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    clone.commit({"shop/evil.py": "print()\n"}, MESSAGE)
    assert clone.rules() == {"squash"}


def test_t3_a_squash_with_one_file_less(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    clone.commit({"tests/test_minutes.py": None}, MESSAGE)
    assert clone.rules() == {"squash"}


def test_t3_a_squash_with_another_mode(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    (clone.top / "shop/cart.py").chmod(0o755)
    clone.commit({}, MESSAGE)
    assert clone.rules() == {"squash"}


def test_t3_a_squash_with_other_documents(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    path = clone.top / "specs/guest/requirements.md"
    clone.commit({"specs/guest/requirements.md": path.read_text().replace("60", "6")}, MESSAGE)
    assert clone.rules() == {"squash"}


def test_t5_a_squash_before_the_review(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path, "built")
    clone.commit({}, MESSAGE)
    assert clone.rules() == {"squash"}


def test_t3_a_squash_of_what_was_sent_back(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path, "sent-back")
    clone.commit({}, MESSAGE)
    assert clone.rules() == {"squash"}


def test_t3_a_squash_without_a_record_of_the_chain(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    every = sorted((clone.top / ".accord/approvals/guest").glob("*.json"))
    for path in every:
        gone = path.relative_to(clone.top).as_posix()
        clone.git("reset", "-q", "--hard", source.commits["main"])
        clone.git("merge", "-q", "--squash", source.commits["reviewed"])
        clone.commit({gone: None, gone.replace(".json", ".sig"): None}, MESSAGE)
        assert "squash" in clone.rules()


def test_t5_a_squash_without_its_records(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    for path in (clone.top / ".accord/approvals/guest").iterdir():
        path.unlink()
    clone.commit({}, MESSAGE)
    assert clone.rules() == {"mixed"}


def test_t4_a_squash_with_weaker_rules(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    path = clone.top / ".accord/config.toml"
    weak = path.read_text().replace("lines = 30", "lines = 30000")
    clone.commit({".accord/config.toml": weak}, MESSAGE)
    assert clone.rules() == {"steering"}


def test_t3_a_squash_again_after_it_was_undone(source: Source, tmp_path: Path) -> None:
    clone = squashed(source, tmp_path)
    base = clone.commit({}, MESSAGE)
    clone.commit({"shop/cart.py": "X = 1\n"}, f"Again\n\n{clone.trailer}\n")
    assert clone.refused(base) == {gitrepo.head(clone.top): "not-agreed"}
