"""Work as one of many machines in a clone, killing this process at a point drawn by lot.

    python -m engine.working CLONE SCRIPT SEED MOST LASTS HOW

It kills itself with SIGKILL at one of the first MOST points that it passes, with 0 at none, or has
its disk full from there on, as HOW says (see `killing.py`); leases last LASTS seconds.
SIGINT drains it, and then it exits with 0.
"""

import signal
import sys
from contextlib import closing
from pathlib import Path

import jumping
from accord.core import leases
from accord.engine.drive import Event, drive
from accord.engine.shared_journal import SharedJournal
from accord.wiring.crewing import open_crew
from accord.wiring.opening import open_workshop, with_agent
from accord.wiring.sharing import database
from engine.killing import KillingJournal, Lot, tell


def main() -> int:
    """Work until told to end."""
    clone, script = Path(sys.argv[1]), sys.argv[2]
    lot = Lot(int(sys.argv[3]), int(sys.argv[4]), sys.argv[6])
    lasts = float(sys.argv[5])
    leases.LASTS_S, leases.RENEW_S, leases.TRUST_S = lasts, lasts / 4, lasts * 0.8
    workshop = with_agent(open_workshop(clone, lambda _: ""), script=script)
    workshop.accepts_open = True
    workshop.clock = jumping.own() or workshop.clock
    workshop.journal.close()
    local = KillingJournal(workshop.state / "journal.sqlite", lot)
    workshop.journal = SharedJournal(local, database(20.0), workshop.trust.project)

    def told(event: Event) -> None:
        tell(event.change, event.subject, event.text)

    crew = open_crew(workshop, tell, lasting=True, slots=2)
    crew.poll_s = 0.5

    def drain(*_: object) -> None:
        crew.draining = True

    signal.signal(signal.SIGINT, drain)
    tell("ready")
    with closing(workshop), closing(crew.board):
        drive(workshop, (), tell=told, notice=lot.at, crew=crew)
    return 0


if __name__ == "__main__":
    sys.exit(main())
