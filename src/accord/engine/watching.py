"""Look whether pieces of work collide while several machines are at it: one of them at a time."""

from accord.app.radar import Radar
from accord.core.radar import Collision
from accord.engine.crew import Crew

WATCH = "radar"
"""The lease for it: who has it looks for all, at what all have."""

_PARTS = 5  # in the name of an attempt


def look(crew: Crew, radar: Radar) -> list[Collision]:
    """Return the collisions that no machine has told of; none while another one looks.

    The snapshots of this clone are brought to the remote, and those of what others do are fetched.
    Raises what meeting the remote and the board do.
    """
    name = crew.worker.name
    token = crew.board.claim(name, [WATCH])
    if not token:
        return []
    try:
        jobs = [job.split("/") for job in crew.elsewhere if job.count("/") == _PARTS - 1]
        radar.elsewhere = [(change, what, int(number)) for _, change, what, _, number in jobs
                           if number.isdecimal()]  # fmt: skip
        crew.keep_snapshots()
        crew.remote.fetch_snapshots([f"{change}/{what}/{number}-"
                                     for change, what, number in radar.elsewhere])  # fmt: skip
        return radar.look()
    finally:
        crew.board.drop(name, {WATCH: token})
