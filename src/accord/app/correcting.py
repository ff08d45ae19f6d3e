"""Correct a criterion where it stands: its sentence alone changes, every other byte stays."""

from collections.abc import Callable

from accord.app import authoring, desk, records
from accord.app.changes import Change, load
from accord.app.workshop import Workshop
from accord.core import scenarios
from accord.core.model import Criterion, Document, Item
from accord.errors import ConfigurationError, ConflictError, RefusedError
from accord.formats import editing, registry

Edit = Callable[[Document, Item, str], bytes]


def correct(workshop: Workshop, change: Change, item_id: str, own: str, words: str) -> str:
    """Give a criterion other words, and return what was done in a sentence.

    `own` is the digest of the criterion that the person read. Raises ConflictError when it says
    something else by now, RefusedError where its sentence cannot be changed by itself.
    """
    _put(workshop, change, item_id, own, words, editing.reworded, "Correct")
    return f"{item_id} was corrected"


def answer_scenario(workshop: Workshop, change: Change, item_id: str, own: str, words: str) -> str:
    """Write the answer to the question that a risky criterion is asked, as a point under it."""
    asked = scenarios.question(_find(change, item_id)[1].text)
    if not asked or change.form.name != registry.NAME:
        raise RefusedError(
            f"{item_id} has no place for the answer to a scenario",
            hint=f"say it in the text: {change.folder}",
        )
    said = f"{scenarios.MARK} {asked} {' '.join(words.split())}" if words.strip() else ""
    _put(workshop, change, item_id, own, said, editing.nested, "Answer a scenario of")
    return f"{item_id} says what happens then"


def _put(
    workshop: Workshop, change: Change, item_id: str, own: str, words: str, edit: Edit, what: str
) -> None:
    records.refuse_agents()
    if not words.strip():
        raise ConfigurationError(f"{item_id} needs words", hint="write what holds instead")
    if change.edited:  # what a person typed, joined with what the branch has got meanwhile
        desk.save(workshop, change.name, change.found.ref)
        change = load(workshop, change.name)
    document, item = _find(change, item_id)
    if item.own != own:
        raise ConflictError(f"{item_id} of {change.name} changed since you looked",
                            hint="read it again before you correct it")  # fmt: skip
    hint = f"edit {change.folder}/{document.path}, line {item.place.line}"
    try:
        data = edit(document, item, words)
    except ValueError as error:
        raise RefusedError(f"{item_id} cannot be corrected here: {error}", hint=hint) from None
    after = change.form.read(document.path, data)
    if _others(after, item_id) != _others(document, item_id):
        raise RefusedError(f"these words would change more than {item_id}", hint=hint)
    authoring.write(workshop, change, document, data, f"{what} {item_id} of {change.name}: {words}")


def _find(change: Change, item_id: str) -> tuple[Document, Criterion]:
    for document in change.spec.documents:
        for item in document.items:
            if isinstance(item, Criterion) and item.id == item_id:
                return document, item
    raise ConfigurationError(f"{change.name} has no criterion {item_id}",
                             hint=f"accord show {change.name}")  # fmt: skip


def _others(document: Document, item_id: str) -> list[tuple[str, str]]:
    """Return the other items with their digests, the text around them all among them."""
    return [(one.id, one.own) for one in document.items if one.id != item_id]
