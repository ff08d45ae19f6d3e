"""Changes to specs that others wrote, as an author makes them, each with what has to be seen.

A list that is numbered is numbered anew after a criterion was put in, taken out or moved.
"""

import re
from collections.abc import Iterator, Sequence

from attrs import frozen

from accord.core.model import Criterion, Item, Spec, Stage

Text = tuple[str, bytes]
_LONGER = b" and says so to support"
_OTHER = b"altogether otherwise"
_NEW = b"WHEN the night is over THE system SHALL tell who waits for it"
_ASKS = b" [NEEDS CLARIFICATION: who pays for it?]"
_WORD = re.compile(
    rb"(?i)(?<=[ \t])(?!(?:when|then|given|and|the|shall|must|should|if)\b)[a-z]{3,}"
)
_PROSE = re.compile(rb"(?m)^(?=[^\W\d_])[^|`\n]{40,}$")
_OF_ONE = "0123456789abcdef"  # what follows `R1.`, `FR-` and `EC#`
_NUMBER = re.compile(rb"(?m)^([ \t]*)([0-9]+)(?=[.)][ \t])")
_FORM = re.compile(
    rb"(?P<numbered>[ \t]*[0-9]+[.)][ \t]+)|(?P<scenario>#### Scenario: )|"
    rb"(?P<named>[ \t]*- \*\*(?P<letters>[A-Z]+)-[0-9]+\*\*: )|(?P<listed>[ \t]*[-*+][ \t]+)"
)


@frozen
class Revision:
    """One change: what kind it is of, the texts after it, and words that a person has to see."""

    kind: str
    texts: Sequence[Text]
    seen: str = ""


def revisions(spec: Spec, texts: Sequence[Text]) -> Iterator[Revision]:
    """Yield a change of each kind to the spec that `texts` are; none that it has no place for."""
    yield from _of_the_design(spec, texts)
    if not spec.criteria:
        return
    one = spec.criteria[len(spec.criteria) // 2]
    start, end = _span(one, texts)
    source = dict(texts)[one.place.path][start:end]
    yield Revision("words added to a criterion", _with(texts, one, end, end, _LONGER), "to support")
    if words := list(_WORD.finditer(source)):
        at = words[len(words) // 2]
        changed = _with(texts, one, start + at.start(), start + at.end(), _OTHER)
        yield Revision("a criterion reworded", changed, _OTHER.decode())
    yield Revision("a question asked", _with(texts, one, end, end, _ASKS), "who pays for it?")
    if form := _FORM.match(source):
        new = _begun(form, spec) + _NEW
        yield Revision("a criterion added", _listed(spec, texts, one, source, [source, new]),
                       "who waits for it")  # fmt: skip
        yield Revision("a criterion removed", _listed(spec, texts, one, source, []))
        if len(_siblings(spec, one)) > 1:
            yield Revision("a criterion moved", _moved(spec, texts, one, source))


def _of_the_design(spec: Spec, texts: Sequence[Text]) -> Iterator[Revision]:
    """Yield a change to a paragraph in the middle of the design."""
    held = [one for one in spec.sections if spec.layout.stage(one.place.path) is Stage.DESIGN]
    data = dict(texts)
    found = [(one, line, word) for one in held
             for line in _PROSE.finditer(data[one.place.path], one.place.start, one.place.end)
             if (word := list(_WORD.finditer(line[0])))]  # fmt: skip
    if found:
        one, line, words = found[len(found) // 2]
        at = words[len(words) // 2]
        changed = _with(texts, one, line.start() + at.start(), line.start() + at.end(), _OTHER)
        yield Revision("a paragraph of the design changed", changed, _OTHER.decode())


def _span(one: Item, texts: Sequence[Text]) -> tuple[int, int]:
    """Return where the words of an item begin and end, without the blank lines after it."""
    source = dict(texts)[one.place.path][one.place.start : one.place.end]
    return one.place.start, one.place.start + len(source.rstrip())


def _with(texts: Sequence[Text], one: Item, start: int, end: int, words: bytes) -> list[Text]:
    """Return the texts with `words` from `start` to `end` of the document that `one` is in."""
    return [
        (path, data[:start] + words + data[end:] if path == one.place.path else data)
        for path, data in texts
    ]


def _begun(form: re.Match[bytes], spec: Spec) -> bytes:
    """Return how a new criterion begins in the form of another one."""
    if form["scenario"]:
        return form["scenario"] + b"The night is over\n\n- "
    if not form["letters"]:
        return form[0]
    letters = form["letters"].decode()
    last = max(int(found[1]) for each in spec.criteria
               if (found := re.fullmatch(rf"{letters}-([0-9]+)", each.id)))  # fmt: skip
    return b"- **%s-%03d**: " % (form["letters"], last + 1)


def _siblings(spec: Spec, one: Criterion) -> list[Criterion]:
    """Return the criteria of the list that `one` is in, as their ids have it."""
    return [each for each in spec.criteria
            if each.place.path == one.place.path and _above(each.id) == _above(one.id)]  # fmt: skip


def _above(name: str) -> str:
    return name.rpartition("/")[0] if "/" in name else name.rstrip(_OF_ONE)


def _listed(
    spec: Spec, texts: Sequence[Text], one: Criterion, source: bytes, instead: Sequence[bytes]
) -> list[Text]:
    """Return the texts with `instead` in the place of a criterion, its list numbered anew."""
    data = dict(texts)[one.place.path]
    start, _ = _span(one, texts)
    until = start + len(source)
    after = re.compile(rb"\n+").match(data, until)
    gap = b"\n\n" if source.startswith(b"#") else b"\n"
    words = gap.join(instead)
    if not instead and after:
        until = after.end()
    listed = _siblings(spec, one)
    first, last = listed[0].place.start, max(listed[-1].place.end, until)
    region = data[first:start] + words + data[until:last]
    return _with(texts, one, first, last, _numbered(region))


def _moved(spec: Spec, texts: Sequence[Text], one: Criterion, source: bytes) -> list[Text]:
    """Return the texts with a criterion at the end of its list, or at its beginning instead."""
    data = dict(texts)[one.place.path]
    listed = _siblings(spec, one)
    parts = [data[start:end] for start, end in (_span(each, texts) for each in listed)]
    rest = [each for each in parts if each != source]
    parts = [source, *rest] if parts[-1] == source else [*rest, source]
    found, at = b"", listed[0].place.start
    for each, words in zip(listed, parts, strict=True):
        start, end = _span(each, texts)
        found, at = found + data[at:start] + words, end
    return _with(texts, one, listed[0].place.start, at, _numbered(found))


def _numbered(region: bytes) -> bytes:
    """Return a list with its numbers one after the other, from its first one's."""
    first = _NUMBER.match(region)
    if first is None:
        return region
    counted = iter(range(1, region.count(b"\n") + 2))
    return _NUMBER.sub(
        lambda one: one[1] + b"%d" % next(counted) if one[1] == first[1] else one[0], region
    )
