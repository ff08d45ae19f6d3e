"""Kiro's `.kiro/specs/<name>/` folder and cc-sdd's superset of it, read in place.

    ### Requirement 1: Title      | ## Overview              | - [ ] 1. Group
    **User Story:** As a ...      | ### Property 1: Title    | - [x] 1.1 (P) Task
    #### Acceptance Criteria      | **Validates:             |   - _Requirements: 1.1, 2.3_
    1. WHEN ... THEN ... SHALL .. |   Requirements 1.2**     |   - _Boundary: src/cart/_

Ids come from the numbers that the host wrote: requirement 1 is `R1`, its third criterion `R1.3`,
`### FR-2` is `FR-2`, task 2.1 `T2.1`, property 4 of the design `P4`. A list whose numbers do not
grow (`1. 1. 1.`) counts on, as it is rendered. What has no number is named after its title
(`R-keep-the-cart`, `T-write-it`; design sections always: `#data-models`). The second bearer of an
id in a file becomes `R1~2`, the third `R1~3`, in file order; links mean the first.

A task with sub-tasks and without details or links of its own only groups them: it is no task, and
`_Depends:_` on it means its sub-tasks. `_Boundary:_` becomes `touches` where it names paths; names
of components bind nothing. In a file with `(P)` marks an unmarked task comes after all since the
unmarked one before it, a marked one after that unmarked one, and nothing waits for an optional one
(`*`); without such marks only `_Depends:_` gives an order. No box in `tasks.md` is in a digest.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from accord.core import markdown
from accord.core.markdown import BlockKind, Splice
from accord.core.model import (
    DESIGN,
    REQUIREMENTS,
    TASKS,
    Criterion,
    Document,
    Item,
    ItemKind,
    Requirement,
    Section,
    Task,
    framed,
    whole_file,
)
from accord.formats import claiming
from accord.formats import kiro_grammar as grammar
from accord.formats.kiro_grammar import Source

BUGFIX = "bugfix.md"
CLAIMS = ("spec.json", ".config.kiro")


def detect(names: Collection[str]) -> bool:
    """Tell whether files with these names look like one Kiro or cc-sdd spec.

    A path through `.kiro/specs/` says so, as do the files that only these tools write. Bare
    `requirements.md`, `design.md` and `tasks.md` could be anybody's.
    """
    alone = {".config.kiro", "spec.json", BUGFIX}
    return any("/.kiro/specs/" in f"/{one}" or one.rpartition("/")[2] in alone for one in names)


def claims(data: bytes) -> Mapping[str, str]:
    """Return what a `spec.json` or `.config.kiro` says of itself: `approvals.design.approved`.

    The agent that is to be checked writes this file, so it is for show and opens nothing. What is
    no JSON object claims nothing; lists and what lies deeper than three keys are left out.
    """
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return dict(_flat(found, "", 3)) if isinstance(found, dict) else {}


def _flat(found: dict[str, object], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for name, value in found.items():
        if isinstance(value, dict) and depth > 1:
            yield from _flat(value, f"{prefix}{name}.", depth - 1)
        elif not isinstance(value, dict | list):
            words = value if isinstance(value, str) else json.dumps(value)
            # JSON can say half a surrogate pair, which no terminal or page can be sent.
            key, words = (one.encode(errors="replace").decode() for one in (prefix + name, words))
            yield key, words


def read(path: str, data: bytes) -> Document:
    """Return the document in `data`; `path` is its name within the spec folder.

    `requirements.md` and `bugfix.md` hold requirements, `design.md` sections, `tasks.md` tasks;
    any other file is one item as a whole, `spec.json` without its claims. Raises UnreadableError
    for a document that is not UTF-8.
    """
    if path in CLAIMS:
        return evolve(whole_file(path, claiming.calm_flags(data)), data=data)
    if path not in (REQUIREMENTS, BUGFIX, DESIGN, TASKS):
        return whole_file(path, data)
    blocks = markdown.parse(data, path)
    titles = (one.text for one in blocks if one.kind is BlockKind.HEADING and one.level == 1)
    title = next(titles, "")
    if path == TASKS:
        items = (one for one in blocks if one.kind is BlockKind.ITEM)
        boxes = [box for one in items if (box := grammar.BOX.match(data, one.start, one.end))]
        calm = markdown.splice(data, [Splice(*box.span(1), b" ") for box in boxes])
        tasks = _tasks(Source(path, data, calm, blocks))
        return evolve(framed(path, calm, title, tasks), data=data)
    if path == DESIGN:
        return framed(path, data, title, _sections(Source(path, data, data, blocks)))
    source = Source(path, data, data, tuple(grammar.split(data, blocks)))
    return framed(path, data, title, _requirements(source))


def tick(document: Document, task: Task) -> bytes:
    """Return the document's bytes with the box of `task` ticked: one byte differs."""
    at = document.data.index(b"[", task.place.start) + 1
    return markdown.splice(document.data, [Splice(at, at + 1, b"x")])


def _heads(source: Source) -> dict[int, str]:
    """Map the headings that are requirements to the ids that they ask for.

    Those are headings that say so (`### Requirement 1`, `### 要件1`, `### FR-2`) and those with
    acceptance criteria announced under them; where a file has neither, those with numbered
    criteria right under them, if they have a number or their criteria are dotted (`1.1 WHEN`).
    """
    strong: dict[int, str] = {}
    labelled: dict[int, str] = {}
    second: dict[int, str] = {}
    above, number, level = -1, "", 7
    for at, block in enumerate(source.blocks):
        if grammar.is_label(source, at):
            if above >= 0:
                labelled[above] = number or _titled(source, above)
                above, level = -1, source.blocks[above].level
        elif source.heading(at):
            title = grammar.plain(block.text).lstrip("*_ ")
            number = grammar.name(None, weak[1]) if (weak := grammar.WEAK.match(title)) else ""
            if match := grammar.STRONG.match(title):
                strong[at] = grammar.name(match[1] or match[2], match[3])
                level = block.level
            elif block.level <= level:
                level = 7
            # Only a heading that stands in no requirement can still turn out to be one.
            above = at if level == 7 and block.level > 1 else -1
        elif above >= 0 and above not in second and (point := grammar.point(source, at)):
            dotted, plain, _ = point
            chapter = grammar.name(None, dotted.partition(".")[0]) if dotted else ""
            if chapter or (plain and (number or source.path == BUGFIX)):
                second[above] = number or chapter or _titled(source, above)
    if strong:
        # The number of `### Version 2` must not take the id of `### Requirement 2`.
        labelled = {at: _titled(source, at) for at in labelled}
    return strong | labelled or second


def _titled(source: Source, at: int) -> str:
    return f"R-{grammar.slug(source.blocks[at].text)}"


def _requirements(source: Source) -> Iterator[Item]:
    used: Counter[str] = Counter()
    heads = _heads(source)
    for at in sorted(heads):
        head, end, name = source.blocks[at], at + 1, grammar.free(used, heads[at])
        while end < len(source.blocks) and end not in heads:
            if source.heading(end, head.level) and not grammar.is_label(source, end):
                break
            end += 1
        inner = (BlockKind.HEADING, BlockKind.ITEM)
        after = next((one for one in range(at + 1, end) if source.blocks[one].kind in inner), end)
        place = source.place(at, after)
        mark = grammar.TITLE.match(grammar.plain(head.text))
        title = head.text[mark.end() if mark else 0 :] or head.text
        yield Requirement(name, ItemKind.REQUIREMENT, place, title, source.own(place))
        for first, last, number, text in _numbered(source, range(at + 1, end), name):
            place, ident = source.place(first, last), grammar.free(used, f"{name}.{number}")
            yield Criterion(ident, ItemKind.CRITERION, place, text, source.own(place))


def _numbered(source: Source, span: range, name: str) -> Iterator[tuple[int, int, str, str]]:
    """Yield first and last block, number and words of the criteria of one requirement."""
    chapter = re.search(r"[0-9.]+\Z", name.partition("~")[0])
    inside = f"{chapter[0]}." if chapter else ""
    points = list(_points(source, span, inside))
    if any(dotted or plain for _, _, dotted, plain, _ in points):
        points = [one for one in points if one[2] or one[3]]
    elif not any(grammar.is_label(source, at) for at in span):
        points = [one for one in points if grammar.EARS.search(one[4])]
    last, before = 0, span.start
    for at, after, dotted, plain, text in points:
        if dotted:
            yield at, after, dotted.removeprefix(inside), text
            continue
        # A list that starts again after other text has numbers of its own; one that does not
        # grow (`1. 1. 1.`) is shown by every renderer as counting on.
        apart = any(one.kind is not BlockKind.BLANK for one in source.blocks[before:at])
        last = int(plain) if plain and (apart or int(plain) > last) else last + 1
        before = after
        yield at, after, str(last), text


def _points(source: Source, span: range, inside: str) -> Iterator[tuple[int, int, str, str, str]]:
    """Yield the outermost list items under a label for criteria, or all where there is none.

    What comes is first and last block, dotted and plain number, and words. A dotted number that
    is not `inside` the requirement (`2.5 seconds` in requirement 1) is one of the words.
    """
    labelled = any(grammar.is_label(source, at) for at in span)
    wanted, level, at = not labelled, 0, span.start
    while at < span.stop:
        after = at + 1
        if grammar.is_label(source, at):
            wanted, level = True, source.blocks[at].level or 7
        elif source.heading(at):
            # A deeper heading sorts the criteria; one beside the label ends them.
            wanted = not labelled or (wanted and source.blocks[at].level > level)
        elif wanted and (point := grammar.point(source, at)):
            after = source.reach(at)
            dotted = grammar.name(None, point[0])[1:] if point[0] else ""
            nested = (grammar.point(source, one) for one in range(at + 1, after))
            words = [point[2], *(one[2] for one in nested if one)]
            if not dotted.startswith(inside):
                dotted, words = "", [point[0], *words] if dotted else words
            yield at, after, dotted, point[1], " ".join(words)
        at = after


def _sections(source: Source) -> Iterator[Item]:
    used: Counter[str] = Counter()
    total = len(source.blocks)
    heads = [at for at in range(total) if source.heading(at, 2)]
    if heads and source.blocks[heads[0]].level == 1:
        del heads[0]  # the title of the document is no section
    marks = {at: grammar.property_mark(source, at) for at in range(total)}
    properties = {at: mark for at, mark in marks.items() if mark}
    ends: dict[int, int] = {}
    for at in sorted({*heads, *properties}):
        level = (source.blocks[at].level or 6) if source.heading(at) else 6
        ends[at] = at + 1
        while ends[at] < total and not source.heading(ends[at], level if at in properties else 2):
            if at in properties and ends[at] in properties:
                break
            ends[at] += 1
    serves = {at: _serves(source, range(at, ends[at])) for at in properties}
    for at, end in ends.items():
        inside = [one for one in range(at + 1, end) if serves.get(one)]
        own = {*range(at, end)}.difference(*(range(one, ends[one]) for one in inside))
        number, text = properties.get(at, ("", source.blocks[at].text))
        if number and not serves[at]:
            continue  # prose about a property, or one that proves nothing
        name = grammar.free(used, f"P{int(number)}" if number else f"#{grammar.slug(text)}")
        place, ids = source.place(at, end), _serves(source, sorted(own))
        digest = source.own(place, [source.place(one, ends[one]) for one in inside])
        yield Section(name, ItemKind.SECTION, place, text, digest, ids)


def _serves(source: Source, blocks: Iterable[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(grammar.links(source.fields(blocks)["serves"])))


@frozen
class _Box:
    """A box that is a task or groups tasks: blocks `at` to `after`, and the boxes `under` it.

    `own` are the blocks that are part of it and of no box under it, its line first.
    """

    at: int
    after: int
    under: tuple[int, ...]
    own: tuple[int, ...]
    number: str
    title: str
    done: bool
    parallel: bool
    optional: bool


def _boxes(source: Source) -> Iterator[_Box]:
    """Yield the boxes with a number, wherever they stand, and those that are under no other."""
    marks: dict[int, re.Match[str]] = {}
    ends: dict[int, int] = {}
    covered = 0
    for at, block in enumerate(source.blocks):
        match = grammar.TASK.match(grammar.plain(block.text))
        if block.kind is BlockKind.ITEM and match and (match["number"] or at >= covered):
            marks[at], ends[at] = match, source.reach(at)
            covered = max(covered, ends[at])
    for at, match in marks.items():
        own, inner = [at], at + 1
        for one in range(at + 1, ends[at]):
            inner = max(inner, ends.get(one, 0))
            if one >= inner and source.blocks[one].kind is not BlockKind.BLANK:
                own.append(one)
        ordered = grammar.ORDERED.match(source.text(at))
        title = source.blocks[at].text[match.end() :].rstrip()
        yield _Box(
            at,
            ends[at],
            tuple(one for one in range(at + 1, ends[at]) if one in marks),
            tuple(own),
            match["number"] or (ordered[1] if ordered else ""),
            title.removesuffix("(P)").rstrip(" *"),
            match["state"] in "xX",
            match["parallel"] is not None or title.endswith("(P)"),
            "*" in (match["star"], match["late"]),
        )


def _tasks(source: Source) -> Iterator[Item]:
    boxes = list(_boxes(source))
    parts = (one.number.split(".") for one in boxes)
    chapters = {".".join(part[:end]) for part in parts for end in range(1, len(part))}
    fields = {one.at: source.fields(one.own) for one in boxes}
    grouping = {
        one.at
        for one in boxes
        if (one.under or one.number in chapters)
        and len(one.own) == 1
        and not any(fields[one.at].values())
    }
    used: Counter[str] = Counter()
    names = {}
    for one in boxes:
        wanted = grammar.name(None, one.number)[1:] if one.number else f"-{grammar.slug(one.title)}"
        if one.at not in grouping:
            names[one.at] = grammar.free(used, f"T{wanted}")
    tasks = [one for one in boxes if one.at in names]
    implied = _order(tasks)
    places = {one.at: source.place(one.at, one.after) for one in tasks}
    for one in tasks:
        found = fields[one.at]
        holes = [places[at] for at in one.under if at in places]
        after = [names[at] for at in implied[one.at]]
        for name in grammar.links(found["after"]):
            number = f"T{name.rpartition('-')[2].removeprefix('R')}"
            within = [other for other in names.values() if other.startswith(f"{number}.")]
            after += [number] if number in used or not within else within
        yield Task(
            names[one.at],
            ItemKind.TASK,
            places[one.at],
            one.title,
            source.own(places[one.at], holes),
            tuple(dict.fromkeys(grammar.links(found["serves"]))),
            one.done,
            tuple(grammar.paths(found["touches"])),
            tuple(name for name in dict.fromkeys(after) if name != names[one.at]),
        )


def _order(tasks: Sequence[_Box]) -> dict[int, list[int]]:
    """Return for each task those that it comes after by the `(P)` marks of the file."""
    marked = any(one.parallel for one in tasks)
    after: dict[int, list[int]] = {one.at: [] for one in tasks}
    barrier: list[int] = []
    since: list[int] = []
    for one in tasks:
        if marked:
            after[one.at] = list(barrier if one.parallel else since or barrier)
        if one.optional:
            continue
        if one.parallel:
            since.append(one.at)
        else:
            barrier, since = [one.at], []
    return after
