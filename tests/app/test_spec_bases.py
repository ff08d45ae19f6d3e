"""What a change was written on goes with it through every squash, and no sentence is ever lost."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from attrs import define, evolve, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

import gitrepo
from accord.app import archiving, spec_bases
from accord.app.archiving import ClashError
from accord.core import bases, merging
from accord.core.bases import Base
from accord.core.merging import Part
from accord.errors import ConfigurationError, RefusedError
from accord.formats import openspec_merging
from operations import writing
from project import FILES, VERIFY, Project, make_checkout

SPEC = "openspec/specs/cart/spec.md"
HEAD = "# Cart\n\n## Purpose\nThe cart of a shopper is kept while the shopper is away.\n\n"


def requirement(name: str, text: str, scenario: str = "It is so.") -> str:
    return f"### Requirement: {name}\n{text} SHALL.\n\n#### Scenario: One\n- {scenario}\n"


MAIN = f"{HEAD}## Requirements\n\n{requirement('Kept', 'Keep')}\n{requirement('Told', 'Tell')}"
REMOVED = "## REMOVED Requirements\n\n### Requirement: Kept\n**Reason**: no\n"


def modified(text: str) -> str:
    return f"## MODIFIED Requirements\n\n{text}"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """An OpenSpec repository in which nobody ran `accord init`."""
    return make_checkout(tmp_path, monkeypatch, {**FILES, SPEC: MAIN})


def delta(name: str, text: str) -> gitrepo.Files:
    folder = f"openspec/changes/{name}"
    return {f"{folder}/proposal.md": "## Why\n\nIt helps.\n", f"{folder}/specs/cart/spec.md": text}


def squashed_over_an_edit(host: Project, *, note: bool) -> None:
    """Begin an undated removal on a branch, edit its requirement on main, squash it onto that."""
    host.git("switch", "-q", "-c", "topic")
    gitrepo.write(host.top, delta("gone", REMOVED))
    if note:
        said = host.ok("archive", "gone", "--note").out
        assert said == ".accord/ids/gone.bases.toml holds what 1 requirement was\n"
    gitrepo.commit(host.top, {})
    host.git("switch", "-q", "main")
    gitrepo.commit(host.top, {SPEC: MAIN.replace("Keep SHALL", "Keep it for ever SHALL")})
    host.git("merge", "-q", "--squash", "topic")
    host.git("commit", "-q", "-m", "Squashed")


def test_a_squashed_removal_without_a_day_is_held_against_what_it_was_written_on(
    host: Project,
) -> None:
    squashed_over_an_edit(host, note=True)
    result = host.run("archive", "gone")
    assert result.exit == 3
    assert "now (written by" in result.out
    assert "Keep it for ever SHALL." in result.out
    assert "(taken out)" in result.out

    host.ok("archive", "gone", "--over", "Kept")

    assert not (host.top / ".accord/ids/gone.bases.toml").exists()
    host.ok("undo")
    assert (host.top / ".accord/ids/gone.bases.toml").exists()


def test_without_the_ledger_history_alone_takes_it_for_written_on_the_newest(
    host: Project,
) -> None:
    squashed_over_an_edit(host, note=False)
    host.ok("archive", "gone")


def test_a_note_is_written_once_and_says_nothing_twice(host: Project) -> None:
    gitrepo.commit(host.top, delta("longer", modified(requirement("Kept", "Keep longer"))))
    host.ok("archive", "longer", "--note")
    ledger = host.top / ".accord/ids/longer.bases.toml"
    first = ledger.read_bytes()
    gitrepo.commit(host.top, {SPEC: MAIN.replace("Keep SHALL", "Hold SHALL")})
    host.ok("archive", "longer", "--note")
    assert ledger.read_bytes() == first
    assert host.run("archive", "longer", "--note", "--over", "Kept").exit == 2
    assert host.run("archive", "none", "--note").exit == 2
    ledger.write_text("[[base]]\n")
    assert "cannot be read" in host.run("archive", "longer").err


def test_the_ledger_reads_back_as_it_was_written() -> None:
    part = Part('A / "b" \x7f 😀', "text", (Part("S\t", "one"), Part("S\t", "two")))
    rows = [Base("shop/cart", part.name, bases.bare(part), "x"), Base("cart", "New", None, "")]

    text = bases.to_toml(rows)

    found = bases.from_toml(text)
    assert list(found.values()) == sorted(rows, key=lambda one: one.spec)
    assert merging.same(found["shop/cart", part.name].part, part)
    assert bases.to_toml(reversed(rows)) == text
    for wrong in ("[[base]]\nof = 3\n", "[[base]]\n", "=", "base = 3\n"):
        with pytest.raises(ConfigurationError):
            bases.from_toml(wrong)


def test_both_sentences_of_a_clash_are_shown_with_those_who_approved_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_checkout(tmp_path, monkeypatch, {**FILES, SPEC: MAIN})
    shop.ok("init", "--verify", VERIFY)
    texts = {"longer": "Keep longer", "warmer": "Keep warm"}
    for name, text in texts.items():
        shop.new("full", name)
        folder = f"openspec/changes/{name}"
        for path, data in delta(name, modified(requirement("Kept", text))).items():
            shop.write(path.removeprefix(f"{folder}/"), data or "", name)
        (shop.desk(name) / f"specs/{name}/spec.md").unlink()
        shop.ok("approve", name, "--yes")
        shop.git("merge", "-q", "--squash", f"accord/{name}")
        shop.git("commit", "-q", "-m", name)
        assert (shop.top / f".accord/ids/{name}.bases.toml").is_file()
    shop.ok("archive", "longer")
    shop.git("add", "-A")
    shop.git("commit", "-q", "-m", "Archive")

    clash = shop.run("archive", "warmer", "--json").json["clashes"][0]

    assert clash["now"] == {"text": "Keep longer SHALL.\n", "who": "Robin", "approved": ["robin"]}
    assert clash["change"] == {"text": "Keep warm SHALL.\n", "who": "Robin", "approved": ["robin"]}
    out = shop.run("archive", "warmer").out
    assert "  now (approved by robin): Keep longer SHALL." in out
    assert "  change (approved by robin): Keep warm SHALL." in out

    # A sentence that was edited since, and one whose record is no longer sound, is nobody's.
    path = "openspec/changes/warmer/specs/cart/spec.md"
    gitrepo.commit(shop.top, {path: modified(requirement("Kept", "Keep hot"))})
    record = next((shop.top / ".accord/approvals/longer").glob("*.sig"))
    record.write_text("forged")
    gitrepo.commit(shop.top, {})
    out = shop.run("archive", "warmer").out
    assert "now (written by Robin, approved by nobody): Keep longer" in out
    assert "approved by nobody): Keep hot" in out


def test_an_approval_after_the_spec_moved_keeps_what_the_edit_was_written_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_checkout(tmp_path, monkeypatch, {**FILES, SPEC: MAIN})
    shop.ok("init", "--verify", VERIFY)
    shop.new()
    written = modified(requirement("Kept", "Keep warm"))
    shop.write("specs/cart/spec.md", written)
    shop.write("proposal.md", "## Why\n\nIt helps.\n")
    (shop.desk() / "specs/guest/spec.md").unlink()
    shop.ok("approve", "guest", "--yes")

    def ledger() -> Base:
        data = shop.file("accord/guest", ".accord/ids/guest.bases.toml")
        return bases.from_toml(data.decode())["cart", "Kept"]

    first = ledger()
    assert first.part is not None
    assert first.part.fingerprint == merging.fingerprint("Keep SHALL.")
    shop.commit_on("accord/guest", {SPEC: MAIN.replace("Keep SHALL", "Keep longer SHALL")})
    shop.write("proposal.md", "## Why\n\nIt helps much.\n")
    shop.ok("approve", "guest", "--yes")
    assert ledger() == first
    # An edit that holds what came in was written on that.
    shop.write("specs/cart/spec.md", written.replace("Keep warm", "Keep longer and warm"))
    shop.ok("approve", "guest", "--yes")
    moved = ledger().part
    assert moved is not None
    assert moved.fingerprint == merging.fingerprint("Keep longer SHALL.")


@frozen
class Commit:
    """A commit of a history in a row: who, when, and every file."""

    author: str
    day: str
    data: bytes


@define
class Line:
    """The history of a branch in a row, as `git.versions.FileHistory` would tell it."""

    commits: list[Mapping[str, bytes]]
    cut: bool = False

    def versions(self, path: str) -> Sequence[Commit]:
        found: list[Commit] = []
        for files in self.commits:
            if path in files and (not found or found[-1].data != files[path]):
                found.append(Commit("Ada", "2026-01-01", files[path]))
        return found

    def begun(self, path: str) -> Sequence[str]:
        first = next((at for at, one in enumerate(self.commits) if path in one), -1)
        return () if first < 0 else tuple(map(str, range(max(0, first - 1), first + 1)))

    def at(self, commit: str, path: str) -> bytes | None:
        return self.commits[int(commit)].get(path)


@frozen
class Made:
    """A change: what it does to which part, on which commit it was written, its sentence."""

    name: str
    kind: str
    target: str
    base: int
    sentence: str


KINDS = st.lists(
    st.tuples(st.sampled_from(["text", "scenario", "gone", "new"]), st.sampled_from("AAB")),
    min_size=2, max_size=4,
)  # fmt: skip
BEGUN = ("begin", "squash", "archive", "reword")


@st.composite
def plays(draw: st.DrawFn) -> list[tuple[str, int, tuple[str, str]]]:
    """Draw a few changes and what happens to them, in any order that there can be."""
    made = draw(KINDS)
    order = draw(st.permutations([at for at in range(len(made)) for _ in BEGUN]))
    seen: dict[int, list[str]] = {}
    steps = []
    for at in order:
        left = seen.setdefault(at, ["begin", "squash", *draw(st.permutations(BEGUN[2:]))])
        steps.append((left.pop(0), at, made[at]))
    return steps


class World:
    """A repository in which people begin, squash and archive changes as they like."""

    def __init__(self, top: Path, *, noted: bool) -> None:
        self.top, self.noted, self.count = top, noted, 0
        main = HEAD + "## Requirements\n\n" + "\n".join(
            requirement(one, f"Old{one}", f"seen{one}") for one in "ABC"
        )  # fmt: skip
        self.line = Line([{SPEC: main.encode()}])
        self.waiting: dict[int, tuple[Made, dict[str, bytes]]] = {}
        self.open: dict[int, Made] = {}
        self.lay()

    @property
    def files(self) -> dict[str, bytes]:
        return dict(self.line.commits[-1])

    def lay(self, files: Mapping[str, bytes] | None = None) -> None:
        for path in sorted(self.top.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name, data in (files or self.files).items():
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            (self.top / name).write_bytes(data)

    def now(self, at: int = -1) -> Mapping[str, Part]:
        return openspec_merging.requirements(self.line.commits[at][SPEC].decode())

    def begin(self, which: int, kind: str, target: str) -> None:
        base = len(self.line.commits) - 1
        self.count += 1
        made = Made(f"c{self.count}", kind, target, base, f"Fresh{self.count}")
        part = self.now(base).get(target)
        if part is None and kind != "new":
            return
        path = f"openspec/changes/{made.name}/specs/cart/spec.md"
        files = {f"openspec/changes/{made.name}/proposal.md": b"## Why\n\nIt helps.\n",
                 path: self.delta(made, part).encode()}  # fmt: skip
        if self.noted:
            self.lay({**self.line.commits[base], **files})
            before = Line(self.line.commits[: base + 1])
            _, ledger, _ = spec_bases.note(self.top, made.name, before)
            files[spec_bases.ledger(made.name)] = ledger
        self.waiting[which] = made, files

    def delta(self, made: Made, part: Part | None) -> str:
        if made.kind == "new":
            return f"## ADDED Requirements\n\n{requirement('N' + made.name, made.sentence)}"
        assert part is not None
        if made.kind == "gone":
            return f"## REMOVED Requirements\n\n### Requirement: {made.target}\n"
        if made.kind == "text":
            part = evolve(part, text=f"{made.sentence} SHALL.\n")
        else:
            inner = evolve(part.parts[0], text=f"- {made.sentence}\n")
            part = evolve(part, parts=(inner, *part.parts[1:]))
        scenarios = "\n".join(f"{one.head}\n{one.text}" for one in part.parts)
        return modified(f"{part.head}\n{part.text}\n\n{scenarios}\n")

    def squash(self, which: int) -> None:
        if which in self.waiting:
            made, files = self.waiting.pop(which)
            self.line.commits.append({**self.files, **files})
            self.open[which] = made

    def reword(self, which: int) -> None:
        """Edit a delta by somebody who does not look at what the spec says by now."""
        made = self.open.get(which)
        if made is None or made.kind == "gone":
            return
        self.count += 1
        again = evolve(made, sentence=f"Fresh{self.count}")
        path = f"openspec/changes/{made.name}/specs/cart/spec.md"
        files = self.files
        files[path] = files[path].replace(made.sentence.encode(), again.sentence.encode())
        self.line.commits.append(files)
        self.open[which] = again

    def archive(self, which: int) -> None:
        made = self.open.get(which)
        if made is None:
            return
        self.lay()
        before, seen = self.sentences(), self.sentences(made.base)
        try:
            archiving.archive(self.top, made.name, self.line, writing(self.top), today="2026-11-22")
        except (RefusedError, ClashError):  # nothing was written, and the change is still there
            assert self.sentences() == before
            return
        del self.open[which]
        files = {path.relative_to(self.top).as_posix(): path.read_bytes()
                 for path in self.top.rglob("*") if path.is_file()}  # fmt: skip
        self.line.commits.append(files)
        after = self.sentences()
        # What is gone was there when the change was written: its author saw it and replaced it.
        assert before - after <= seen, (made, before - after)
        assert made.kind == "gone" or made.sentence in " ".join(after)

    def sentences(self, at: int = -1) -> set[str]:
        return {one.text.strip() for part in self.now(at).values() for one in (part, *part.parts)}


@pytest.mark.parametrize("noted", [True, False])
@settings(deadline=None, max_examples=120)
@given(steps=plays())
def test_whatever_is_squashed_and_archived_in_any_order_no_sentence_is_lost(
    noted: bool,
    steps: list[tuple[str, int, tuple[str, str]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "top"
        top.mkdir()
        world = World(top, noted=noted)
        for verb, which, (kind, target) in steps:
            if verb != "begin":
                getattr(world, verb)(which)
            elif noted or kind != "gone":
                # A removal has no words to tell what it was written on: the ledger is for that.
                world.begin(which, kind, target)
