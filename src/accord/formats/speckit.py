"""GitHub spec-kit: the files of one `specs/NNN-name/` folder, read as they are found.

    spec.md                                   | tasks.md
    ### User Story 1 - Title (Priority: P1)   | - [ ] T001 [P] [US1] Title in src/a.py (FR-001)
    1. **Given** a, **When** b, **Then** c    | plan.md, checklists/*.md
    - **FR-001**: System MUST ...             | ## Any heading: a section

Ids. What the host numbers keeps its number: `FR-001`, `SC-001`, `T001`, `US1`. A scenario counts
within its story: `US1.1`. A section is named after its heading (`#summary`), in a checklist after
its file too. All else is named after its own words, letters and a hash: `A#1f0c92ab` (assumption),
`Q#` (question), `EC#` (edge case), and `FR#`, `SC#`, `AC#`, `T#` where a number is missing; so one
more above it renames nothing. The second of a name in a file is `FR-001~2`: no name of the host
holds `#` or `~`.

Order. The format has no dependencies but words; its own instructions go phase by phase, tasks
marked [P] together and all others one at a time. So a run of [P] tasks, or one other task, comes
after the run before it; `depends on T012` (after, requires, needs, blocked by) replaces that.

A box in tasks.md or a checklist changes no digest; elsewhere it may be a choice, and does.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from attrs import evolve, field, frozen

from accord.core import markdown, model
from accord.core.markdown import Block, BlockKind, Splice
from accord.core.model import Document, Item, ItemKind, Place, Standing, Task, sha256
from accord.errors import ConfigurationError
from accord.formats import claiming
from accord.formats.speckit_words import ACCEPTING, CONTEXTS, STORY

SPEC, PLAN, TASKS, CHECKLISTS = "spec.md", "plan.md", "tasks.md", "checklists/"

_HOST = r"((?:[A-Z]{0,4}FR|SC(?=-))(?:-[A-Z]{1,12}){0,3}-?[0-9]{1,6}[a-z]?)(?![A-Za-z0-9])"
_ID = r"(T-?[0-9]{1,6}(?:[.-][0-9]{1,6}){0,3}[A-Za-z]?)(?![A-Za-z0-9])"
_NUMBERED, _IDENTIFIED = (
    re.compile(rf"[*_~`\[]{{0,4}}{name}[*_~`\]:.)\s–—-]*") for name in (_HOST, _ID)
)
_LEAD, _MODAL = r"(?i)\W{0,8}", re.compile(r"(?i)\b(?:must|shall|should|can|may)\b")
_GIVEN, _STEP = re.compile(rf"{_LEAD}given\b"), re.compile(rf"{_LEAD}(?:when|then|and|but)\b")
_ASKED = re.compile(r"\W{0,4}Q[0-9]{0,4}\W{0,2}:[*_]*\s*")
_ANSWERED = re.compile(r"(?:→|->|=>|(?<=\s))\s?[*_]{0,2}A[0-9]{0,4}[*_]{0,2}:[*_]*")
_UNREAD = (BlockKind.FENCE, BlockKind.COMMENT)
_MARKER = re.compile(
    rb"(?i)\[NEEDS CLARIFICATION\b(?!\][ \t]+(?:marker|item))((?:[^\[\]]|\[[^\[\]]*+\])*+)\]?"
    rb"|\*\*[^*\r\n]{1,60}\*\*:?[^*\[\r\n]{0,80}?NEEDS CLARIFICATION\b(?![ \t]+(?:marker|item))"
)
_BOX = re.compile(rb"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+\[([ xX~/>!?-])\](?=\s|\Z)")
_BOXED = re.compile(
    r"\[[ xX~/>!?-]\](?:\s+|\Z)|\[[Pp]\]\s+(?=T[0-9]+\b(?!\s*(?:[,/+–-]|and\b|to\b)\s*T?[0-9]))"
)
_ASIDE = re.compile(r"(?i)checklist|criteria|validation|verification|definition of done")
_TAGS = re.compile(r"(?:[*\s]*\[[^\[\]]{0,40}\])*+[*:\s]*")
_TAG = re.compile(r"(?i)(?:US|Story)[\s-]?([0-9]{1,6})")
_SCENARIO = re.compile(r"(?<![A-Za-z0-9-])US([0-9]{1,6})\s?[/.]\s?(?:AC)?-?([0-9]{1,6})")
_NAMED = re.compile(
    rf"(?<![A-Za-z0-9-]){_HOST}(?:\s?(?:-|–|—|\.{{2,3}}|to|through)\s?([A-Z-]{{2,20}})([0-9]{{1,6}}))?"
)
_WAITS = re.compile(
    rf"(?i:\b(?:depends\s+on|after|requires|needs|blocked\s+by)\W{{0,6}})"
    rf"({_ID}(?:(?:\s|[*,&+/]|and){{1,5}}{_ID})*+)(?!\W*(?:-|–|to\b|through\b)\W?T?[0-9])"
)
_TASK_ID, _PARALLEL, _WORDS = map(re.compile, (_ID, r".*\[[Pp]\]", r"[\s`,;|→]+"))
_CLAIM = re.compile(r"\*\*([^*\n]{1,60})\*\*:?[ \t]*([^\n|]*)")
_PATH = re.compile(
    r"(?=[\w.\-/*?\[\]+$]+\Z)(?!.*\.\.)(?:[^/]{2,}/|(?:[^/]+/){2,}|(?:[^/]+/)+[^/]*\.[A-Za-z]\w{0,9}"
    r"|(?:[^/]+/)*(?:(?:Docker|Make|Container|Proc|Gem)file|\.(?:env|git|docker|npm|eslint)[\w.-]*)"
    r"|(?:[._][^/]+|src|lib|apps?|packages|tests?|docs?|scripts|backend|frontend)/.+"
    r"|(?![A-Z]\w*\.js\Z)[^/]*[^/.]\.(?:py|[jt]sx?|[mc]js|vue|svelte|s?css|html?|mdx?|jsonc?|ya?ml"
    r"|toml|ini|cfg|lock|sh|sql|go|mod|rs|java|kts?|swift|rb|php|cs|c|h|cc|[ch]pp|xml|gradle|txt))\Z"
)
_POSITION = re.compile(r"(?:::[^/]*|:[0-9][0-9:,-]*|#L[0-9].*)\Z")


@frozen
class _Source:
    """A file, its bytes as digests see them, its blocks, and how its items are numbered."""

    path: str
    data: bytes = field(repr=False)
    blocks: Sequence[Block] = field(repr=False)
    number: re.Pattern[str]

    def reach(self, at: int) -> int:
        """Return the index after the item at `at` and all under it that has no number itself."""
        last = at + 1
        for after in range(at + 1, len(self.blocks)):
            block = self.blocks[after]
            if block.kind is BlockKind.ITEM:
                if block.level <= self.blocks[at].level or self.number.match(_unboxed(block.text)):
                    break
            elif block.kind is BlockKind.HEADING or self.data[block.start] not in b" \t\r\n":
                break
            last = last if block.kind is BlockKind.BLANK else after + 1
        return last

    def under(self, at: int) -> int:
        """Return the index after all under the heading at `at`, without last blanks and rules."""
        last = at + 1
        for after in range(at + 1, len(self.blocks)):
            block = self.blocks[after]
            if block.kind is BlockKind.HEADING and block.level <= self.blocks[at].level:
                break
            last = after + 1 if self.bytes(after).strip(b" \t\r\n-*_") else last
        return last

    def bytes(self, at: int) -> bytes:
        return self.data[self.blocks[at].start : self.blocks[at].end]

    def place(self, first: int, after: int) -> Place:
        start = self.blocks[first]
        return Place(self.path, start.start, self.blocks[after - 1].end, start.line)

    def words(self, at: int, after: int, text: str) -> str:
        """Return `text` and the text of what stands under it, on one line."""
        nested = [_unboxed(block.text) for block in self.blocks[at + 1 : after]]
        return " ".join(" ".join([text, *nested]).split())


def detect(names: Collection[str]) -> bool:
    """Tell whether a folder with these files looks like one feature of spec-kit.

    `spec.md` alone does: its first command leaves no more. OpenSpec has a `spec.md` too, beside a
    proposal or a design; Kiro has `requirements.md`.
    """
    others = {"proposal.md", "requirements.md", "design.md"}
    return others.isdisjoint(names) and (SPEC in names or (PLAN in names and TASKS in names))


def claims(data: bytes) -> Mapping[str, str]:
    """Return what the head of `data` says of itself, as in `{"status": "Draft"}`.

    The head ends at the first `## `; of two lines with one name the first counts. Whoever can
    write the file can write these: they are for showing, never for deciding. Raises
    UnreadableError when `data` is not UTF-8.
    """
    found: dict[str, str] = {}
    for block in markdown.parse(data):
        if block.kind is BlockKind.HEADING and block.level > 1:
            break
        if block.kind is BlockKind.OTHER:
            for match in _CLAIM.finditer(data[block.start : block.end].decode()):
                found.setdefault(match[1].strip(" :").lower(), match[2].strip())
    return found


def read(path: str, data: bytes) -> Document:
    """Return the document in `data`; `path` is its name within the feature's folder.

    Files other than spec.md, plan.md, tasks.md and checklists are one item each. Raises
    UnreadableError for one of those that is not UTF-8, and nothing for any text.
    """
    checklist = path.startswith(CHECKLISTS) and path.endswith(".md")
    if path not in (SPEC, PLAN, TASKS) and not checklist:
        return model.whole_file(path, data)
    blocks, seen = markdown.parse(data, path), data
    if checklist or path == TASKS:
        boxes = (_BOX.match(data, one.start) for one in blocks if one.kind is BlockKind.ITEM)
        seen = markdown.splice(data, [Splice(*box.span(1), b" ") for box in boxes if box])
    source = _Source(path, seen, blocks, _IDENTIFIED if path == TASKS else _NUMBERED)
    drafts = [*{SPEC: _stories, TASKS: _tasks}.get(path, _sections)(source)]
    drafts += [] if checklist else _questions(source, drafts)
    drafts.sort(key=lambda item: (item.place.start, -item.place.end))
    titles = (one.text for one in blocks if one.kind is BlockKind.HEADING and one.level == 1)
    # Before they are named: an edited assumption is another, but the frame around it stays.
    frame = claiming.frame(path, seen, next(titles, ""), drafts, claims=path == SPEC)
    items = _named(source, drafts)
    if path == TASKS:
        _order(source, items, data)
    return Document(path, data, frame.text, (frame, *items))


def tick(document: Document, task: Task) -> bytes:
    """Return the document's bytes with the box of `task` ticked: one byte differs, or none.

    Raises ConfigurationError for a task that has no box.
    """
    box = _BOX.match(document.data, task.place.start)
    if box is None:
        raise ConfigurationError(
            f"{document.path}:{task.place.line}: the task {task.id} has no box to tick",
            hint=f"write it as: - [ ] {task.id} ...",
        )
    return markdown.splice(document.data, [] if task.done else [Splice(*box.span(1), b"x")])


def _unboxed(text: str) -> str:
    box = _BOXED.match(text)
    return text[box.end() :] if box else text


def _named(source: _Source, drafts: Sequence[Item]) -> list[Item]:
    """Give each draft its id and its digest: its own bytes, and where in them others stand."""
    inside: list[list[Item]] = [[] for _ in drafts]
    around: list[int] = []
    for at, draft in enumerate(drafts):
        while around and drafts[around[-1]].place.end <= draft.place.start:
            around.pop()
        if around:
            inside[around[-1]].append(draft)
        around.append(at)
    counts: dict[str, int] = {}
    items = []
    for draft, holes in zip(drafts, inside, strict=True):
        name = draft.id
        if name.endswith("#"):
            scope = "" if source.path == SPEC else f"{source.path}\n"
            name += sha256((scope + " ".join(draft.text.split())).encode())[:8]
        counts[name] = counts.get(name, 0) + 1
        name = name if counts[name] == 1 else f"{name}~{counts[name]}"
        parts, at = [], draft.place.start
        for hole in holes:
            parts.append(f"{sha256(source.data[at : hole.place.start])} {hole.kind}\n")
            at = hole.place.end
        rest = sha256(source.data[at : draft.place.end])
        own = sha256("".join([*parts, rest]).encode()) if parts else rest
        items.append(evolve(draft, id=name, own=own))
    return items


def _stories(source: _Source) -> Iterator[Item]:
    """Yield the items of spec.md but for its markers: stories, criteria, answers, assumptions."""
    above, seen = [(0, "")], set[str]()
    story, told, accepting, at = "", 0, False, 0
    while at < len(source.blocks):
        block, after = source.blocks[at], at + 1
        text, item = _unboxed(block.text), block.kind is BlockKind.ITEM
        if block.kind is BlockKind.HEADING:
            title = STORY.match(text)
            while above[-1][0] >= block.level:
                above.pop()
            opened = [name for name, words in CONTEXTS if words.search(text)] or [above[-1][1]]
            context = "US" if title else "-" if above[-1][1] == "-" else opened[0]
            above.append((block.level, context))
            accepting = ACCEPTING.search(text) is not None
            story = story if context == "US" and block.level > 2 else ""
            if title:
                story, told = f"US{int(title[1] or 1)}", 0
                place, words = source.place(at, source.under(at)), text[title.end() :]
                yield model.Requirement(story, ItemKind.REQUIREMENT, place, words, "")
        elif block.kind is BlockKind.OTHER:
            text = source.bytes(at).decode()
            if text.startswith("**"):
                accepting = ACCEPTING.search(text.partition("\n")[0]) is not None
        context = above[-1][1]
        name, words = _known(context, text, item=item)
        if context == "US" and not name and ((item and accepting) or _GIVEN.match(text)):
            after, told = _steps(source, at) if item else after, told + 1
            name = f"{story}.{told}" if story else "AC#"
        elif name and (context not in ("", "-", "US") or name not in seen):
            after = source.reach(at) if item else source.under(at) if block.level else after
        else:
            name = ""
        if name:
            seen.add(name)
            words = source.words(at, after, words)
            yield _stated(context, name, source.place(at, after), words)
        at = after


def _known(context: str, text: str, *, item: bool) -> tuple[str, str]:
    """Return the id that a block begins with or must have here (or nothing), and its words."""
    if context == "Q":
        asked = _ASKED.match(text)
        return ("Q#", text[asked.end() :]) if asked else ("", text)
    match = _NUMBERED.match(text) if context not in ("A", "EC") else None
    if match and (item or context in ("FR", "SC")):
        return match[1], text[match.end() :]
    derived = item and (context in ("A", "EC", "SC") or (context == "FR" and _MODAL.search(text)))
    return f"{context}#" if derived else "", text


def _steps(source: _Source, at: int) -> int:
    """Return the index after a scenario, whose steps may be items beside one another."""
    after = source.reach(at)
    while _GIVEN.match(source.blocks[at].text) and after < len(source.blocks):
        step = source.blocks[after]
        if step.kind is not BlockKind.ITEM or not _STEP.match(step.text):
            break
        after = source.reach(after)
    return after


def _stated(context: str, name: str, place: Place, text: str) -> Item:
    if context == "A":
        return model.Assumption(name, ItemKind.ASSUMPTION, place, text, "")
    if context != "Q":
        return model.Criterion(name, ItemKind.CRITERION, place, text, "")
    question = model.Question(name, ItemKind.QUESTION, place, text, "")
    if not (found := _ANSWERED.search(text)):
        return question
    asked, answer = text[: found.start()].strip(), text[found.end() :].strip()
    return evolve(question, text=asked, standing=Standing.ANSWERED, answer=answer)


def _sections(source: _Source) -> Iterator[Item]:
    """Yield a section for each `## ` heading; what a checklist names it does not serve."""
    prefix = "" if source.path == PLAN else source.path
    for at, block in enumerate(source.blocks):
        if block.kind is BlockKind.HEADING and block.level == 2:
            after = source.under(at)
            read = (one for one in range(at, after) if source.blocks[one].kind not in _UNREAD)
            text = "" if prefix else b"".join(map(source.bytes, read)).decode()
            slug = re.sub(r"[\W_]+", "-", block.text.lower()).strip("-")
            place, name, kind = source.place(at, after), f"{prefix}#{slug}", ItemKind.SECTION
            yield model.Section(name, kind, place, block.text, "", _satisfied(text))


def _questions(source: _Source, drafts: Iterable[Item]) -> Iterator[Item]:
    """Yield a question for each marker, cut where the item that it stands in ends."""
    edges = sorted({edge for one in drafts for edge in (one.place.start, one.place.end)})
    for block in source.blocks:
        line, at = block.line, block.start
        for match in _MARKER.finditer(
            source.data, at, block.start if block.kind in _UNREAD else block.end
        ):
            start, cut = match.start(), bisect_right(edges, match.start())
            end = min([match.end(), *edges[cut : cut + 1]])
            line, at = line + source.data.count(b"\n", at, start), start
            words = (match[1] or b"").strip(b" :-\r\n") or match[0]
            place, text = Place(source.path, start, end, line), " ".join(words.decode().split())
            yield model.Question("Q#", ItemKind.QUESTION, place, text, "")


def _tasks(source: _Source) -> Iterator[Item]:
    """Yield the tasks of tasks.md; among numbered ones, a box under `Criteria` is no task."""
    listed, boxed, heading, free = list[tuple[int, re.Match[str] | None, str]](), set[str](), "", 0
    for at, block in enumerate(source.blocks):
        heading = block.text if block.kind is BlockKind.HEADING else heading
        if block.kind is BlockKind.ITEM and _BOXED.match(block.text):
            number = _IDENTIFIED.match(_unboxed(block.text))
            listed.append((at, number, heading))
            boxed |= {number[1]} if number and block.text[1] not in "pP" else set()
    for at, number, heading in listed:
        text = source.blocks[at].text
        if number and text[1] in "pP" and number[1] in boxed:
            continue
        if not number and (at < free or (boxed and _ASIDE.search(heading))):
            continue
        free, text = source.reach(at), _unboxed(text)[number.end() if number else 0 :]
        yield _task(source, number[1] if number else "T#", text, at, free)


def _task(source: _Source, name: str, text: str, at: int, after: int) -> Task:
    title, words = _TAGS.sub("", text, count=1), source.words(at, after, text)
    served = _satisfied(words, labels=text.removesuffix(title))
    paths = map(_path, _WORDS.split(re.sub(r"\{[^{}/]*\}", "*", words)))
    touches = tuple(dict.fromkeys(filter(None, paths)))
    return Task(name, ItemKind.TASK, source.place(at, after), title, "", served, touches=touches)


def _path(word: str) -> str:
    """Return the pattern that a word names, or nothing; a bracket in it stands for itself."""
    word = _POSITION.sub("", word.lstrip("(\"'“</").rstrip(".:!?)\"'”>")).removeprefix("./")
    return word.replace("[", "\\[") if _PATH.match(word) else ""


def _satisfied(text: str, labels: str = "") -> tuple[str, ...]:
    """Return the ids named in `text`: `FR-001`, all of `FR-001 to FR-004`, `US1/AC2` as `US1.2`."""
    found = [f"US{int(story)}" for story in _TAG.findall(labels)]
    found += [f"US{int(story)}.{int(one)}" for story, one in _SCENARIO.findall(text)]
    for match in _NAMED.finditer(text):
        found.append(match[1])
        stem = match[1].rstrip("0123456789")
        if match[2] == stem and (low := match[1][len(stem) :]):
            last = min(int(match[3]), int(low) + 99)
            found += [f"{stem}{one:0{len(low)}}" for one in range(int(low) + 1, last + 1)]
    return tuple(dict.fromkeys(found))


def _order(source: _Source, items: list[Item], data: bytes) -> None:
    """Say of each task whether it is done and what comes before it."""
    phases = [one.start for one in source.blocks if one.kind is BlockKind.HEADING and one.level < 3]
    before, run, last = tuple[str, ...](), list[str](), (0, False)
    for at, item in enumerate(items):
        if isinstance(item, Task):
            words = source.data[item.place.start : item.place.end].decode()
            now = (bisect_right(phases, item.place.start), bool(_PARALLEL.match(words)))
            if now != last or not now[1]:
                before, run = tuple(run), []
            run.append(item.id)
            named = [one for match in _WAITS.finditer(words) for one in _TASK_ID.findall(match[1])]
            box, last, after = _BOX.match(data, item.place.start), now, dict.fromkeys(named)
            done = box is not None and box[1] in b"xX"
            items[at] = evolve(item, done=done, after=tuple(after) or before)
