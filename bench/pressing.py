"""How many keys decide a gate: those of the review room, beside paging through its documents.

What is typed counts as the key that leads to its field and Enter; its words are not counted.
"""

from collections.abc import Iterable, Sequence

from accord.app.views import View
from accord.core.model import Document

LINES = 40
COLUMNS = 100
SIGNING = 2  # Shift+A on the gate; Enter where it is signed, by passkey or in the terminal
_TYPED = 2  # t, the answer, Enter
_ONE = 1  # the number of a choice; a for an assumption


def keys(pending: Sequence[View], read: Sequence[View]) -> int:
    """Return the keys from the gate's page to its signature.

    `pending` are the questions and assumptions that are open, `read` the items to read. Each is
    gone to once: by `j`, but for what takes the place and the focus of what was just decided.
    """
    going = bool(pending) + len(read) - bool(pending and read)
    return going + _deciding(pending) + SIGNING


def paging(pending: Sequence[View], documents: Iterable[Document]) -> int:
    """Return the keys that lead through whole documents, with the same answers and signature.

    A key opens each document and Space turns each further screenful of it.
    """
    return sum(_screenfuls(one) for one in documents) + _deciding(pending) + SIGNING


def _deciding(pending: Sequence[View]) -> int:
    return sum(
        _TYPED if one["kind"] == "question" and not one["choices"] else _ONE for one in pending
    )


def _screenfuls(document: Document) -> int:
    lines = document.data.decode(errors="replace").splitlines()
    rows = sum(max(1, -(-len(line) // COLUMNS)) for line in lines)
    return max(1, -(-rows // LINES))
