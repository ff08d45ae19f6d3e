"""An edit changes what it names and not one byte more, in every format and every kind of file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accord.core.model import Document, Item, ItemKind, Task
from accord.formats import editing
from accord.formats.registry import FORMATS, Format, detect

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
BOM = b"\xef\xbb\xbf"

TEXTS: dict[str, dict[str, str]] = {
    "kiro": {
        "requirements.md": "# Requirements\n\n### Requirement 1: Cart\n\n**User Story:** As a guest"
        "\n\n#### Acceptance Criteria\n\n1. WHEN a THEN the System SHALL b\n"
        "2. WHEN c THEN the System SHALL d\n",
        "tasks.md": "# Plan\n\n- [x] 1. Keep\n\t- detail\n- [-] 2. Say\n- [ ]* 2.1 Test\n",
    },
    "spec-kit": {
        "spec.md": "# Feature\n\n## Requirements\n\n- **FR-001**: System MUST a\n"
        "- **FR-002**: System MUST b\n",
        "tasks.md": "## Phase 1\n\n- [x] T001 [P] Make src/a.py\n- [X] T002 b\n- [ ] T003 c\n",
    },
    "openspec": {
        "specs/cart/spec.md": "## ADDED Requirements\n\n### Requirement: Keep\nIt SHALL keep.\n\n"
        "#### Scenario: Declined\n- **WHEN** a\n- **THEN** b\n\n#### Scenario: Other"
        "\n- **WHEN** c\n",
        "tasks.md": "## 1. Do\n\n- [x] 1.1 a\n- [ x ] 1.2 b\n- [ ] 1.3 c\n",
    },
    "native": {
        "requirements.md": "# Cart\n\n## Requirements\n\n### R1 Keep\n\nAs a guest.\n\n"
        "- R1.1 WHEN a THE shop SHALL b.\n- R1.2 THE shop SHALL c.\n",
        "tasks.md": "# Plan\n\n- [x] T1 Keep\n  - Satisfies: R1.1\n- [ ] T2 Say\n",
    },
}
SHAPES = ("plain", "crlf", "bom", "open end", "tabs")


def shaped(text: str, shape: str) -> bytes:
    data = text.encode()
    return {
        "plain": data,
        "crlf": data.replace(b"\n", b"\r\n"),
        "bom": BOM + data,
        "open end": data.rstrip(b"\n"),
        "tabs": data.replace(b"  - ", b"\t- "),
    }[shape]


def made() -> Iterator[tuple[Format, str, bytes]]:
    for kind in FORMATS:
        for path, text in TEXTS[kind.name].items():
            for shape in SHAPES:
                yield kind, path, shaped(text, shape)


def real() -> Iterator[tuple[Format, str, bytes]]:
    for repository in sorted(CORPUS.iterdir()) if CORPUS.is_dir() else []:
        for path in sorted(repository.rglob("*.md")):
            where = path.relative_to(repository).as_posix()
            kind = detect(where.rpartition("/")[0], [path.name])
            if kind is not None:
                yield kind, path.name if kind.name != "openspec" else where, path.read_bytes()


def parts(document: Document) -> list[Item]:
    return [one for one in document.items if one.kind not in (ItemKind.FRAME, ItemKind.FILE)]


def assert_edits_alone(document: Document, item: Item) -> None:
    data, place = document.data, item.place
    bom = 3 if place.start == 0 and data.startswith(BOM) else 0
    own = data[place.start + bom : place.end].decode()
    head, tail = data[: place.start + bom], data[place.end :]

    if own.count("\r\n") == own.count("\n") or "\r\n" not in data.decode():
        assert editing.replaced(document, item, own) == data
    other = editing.replaced(document, item, "Other\nwords")
    assert other.startswith(head)
    assert other.endswith(tail)
    assert b"Other" in other[len(head) : len(other) - len(tail)]

    more = editing.inserted(document, item, "- one more")
    assert more.startswith(data[: place.end])
    assert more.endswith(tail)
    assert more[place.end : len(more) - len(tail)].strip() == b"- one more"

    less = editing.deleted(document, item)
    assert less.startswith(head)
    assert tail.endswith(less[len(head) :])
    assert tail[: len(tail) - len(less) + len(head)].strip() == b""


@pytest.mark.parametrize("shape", SHAPES)
def test_an_edit_leaves_every_other_byte_of_a_made_file(shape: str) -> None:
    for kind in FORMATS:
        for path, text in TEXTS[kind.name].items():
            document = kind.read(path, shaped(text, shape))
            assert len(parts(document)) > 1
            for item in parts(document):
                assert_edits_alone(document, item)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real specs is not beside this one")
def test_an_edit_leaves_every_other_byte_of_a_real_file() -> None:
    files = 0
    for kind, path, data in real():
        document = kind.read(path, data)
        files += 1
        for item in parts(document)[:: max(1, len(document.items) // 7)]:
            assert_edits_alone(document, item)
    assert files > 150


def test_what_was_inserted_and_written_is_read_back_as_an_item() -> None:
    for kind, path, data in made():
        document = kind.read(path, data)
        first, second = parts(document)[-2:]
        ids = [one.id for one in document.items]

        gone = kind.read(path, editing.deleted(document, second))
        assert second.id not in [one.id for one in gone.items]
        source = data[second.place.start : second.place.end].decode().replace("\r\n", "\n")
        back = kind.read(path, editing.inserted(gone, parts(gone)[-1], source))
        if first.place.end <= second.place.start:
            assert [one.id for one in back.items] == ids, (kind.name, path)


def boxes(kind: Format, path: str, data: bytes) -> list[Task]:
    return [one for one in kind.read(path, data).items if isinstance(one, Task)]


def assert_ticks(kind: Format, path: str, data: bytes) -> int:
    document = kind.read(path, data)
    tasks = boxes(kind, path, data)
    for at, task in enumerate(tasks):
        if task.done:
            undone = editing.untick(document, task)
            assert sum(one != other for one, other in zip(data, undone, strict=True)) == 1
            again = boxes(kind, path, undone)[at]
            assert not again.done
            assert again.own == task.own
            ticked = kind.tick(kind.read(path, undone), again)
            assert sum(one != other for one, other in zip(undone, ticked, strict=True)) == 1
            assert boxes(kind, path, ticked)[at].done
        else:
            assert editing.untick(document, task) == data
    return len(tasks)


def test_a_tick_is_taken_back_by_the_byte_that_it_was() -> None:
    assert sum(assert_ticks(*one) for one in made() if one[1] == "tasks.md") == 5 * 10


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real specs is not beside this one")
def test_every_tick_of_a_real_file_is_taken_back_by_one_byte() -> None:
    count = sum(
        assert_ticks(kind, path, data) for kind, path, data in real() if path.endswith("tasks.md")
    )
    assert count > 800


LINES = st.lists(
    st.sampled_from(
        ["- [x] 1.1 Do it", "- [ ] T2 Do", "  - more", "", "## Head", "### R1 Keep", "prose",
         "- R1.1 THE shop SHALL b", "### Requirement: Keep", "#### Scenario: A", "```", "\t- tab",
         "- **FR-001**: System MUST", "1. WHEN a SHALL b", "- [x]* 2. Late", "<!-- note -->"]
    )
)  # fmt: skip


@settings(deadline=None)
@given(LINES, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_any_file_keeps_its_other_bytes(lines: list[str], end: str, bom: bool, open_: bool) -> None:
    data = BOM * bom + (end.join(lines) + ("" if open_ else end)).encode()
    for kind in FORMATS:
        for path in TEXTS[kind.name]:
            document = kind.read(path, data)
            for item in parts(document):
                assert_edits_alone(document, item)
