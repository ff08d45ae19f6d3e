"""Whether this machine can still write: what fails on a full disk proves nothing of the work."""

import tempfile

from accord.app.workshop import Workshop
from accord.errors import RefusedError

_BYTES = 2**18


def refuse_full(workshop: Workshop) -> None:
    """Raise RefusedError where nothing more can be written to Accord's folder for a repository."""
    if is_full(workshop):
        raise RefusedError(
            "there is no room on the disk of this machine, so what failed proves nothing",
            hint=f"free space for {workshop.state}, then run it again",
        )


def is_full(workshop: Workshop) -> bool:
    """Tell whether nothing more can be written to Accord's folder for a repository."""
    try:
        with tempfile.TemporaryFile(dir=workshop.state) as file:
            file.write(bytes(_BYTES))
            file.flush()
    except OSError:
        return True
    return False
