"""What a use case works with: the repository, the people, the rules, and the ports."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from attrs import define, field

from accord.app.config import Config
from accord.approvals.signers import Signer
from accord.core.approval import Trust
from accord.core.orders import Leash
from accord.core.ports import (
    Agent,
    Breaks,
    Clock,
    Coverage,
    Journal,
    Operation,
    Repo,
    Sandbox,
    Symbols,
)
from accord.core.spending import Purse
from accord.errors import ConflictError, RefusedError

CHANGES = "refs/heads/accord/"
SPECS = "specs"


class Halt(Protocol):
    """Ends commands because a person said so: they neither passed nor failed."""

    def __call__(self, *, halted: bool) -> None:
        """End what runs and let nothing begin, which raises KeyboardInterrupt; else let it."""


@define
class Workshop:
    """One repository as one person meets it.

    `base` is the ref of the base branch and `branch` the one that is checked out. `signer` asks
    for the person's key when it is first needed; `state` is Accord's folder outside the checkout.
    `sandbox` proves the walls of this machine when they are first needed; `accepts_open` tells
    that the person accepted, for this command alone, that there may be none. `channel` says in
    records where the person decided. `symbols` reads code and `breaks` breaks it on purpose; the
    grammars are loaded when first asked for. `coverage` reads what tests ran. `halt` ends the
    commands that run in a sandbox. `leash` is what agents hang on that are started where there are
    other machines. `proved` holds each (tree, command) that this process saw pass for a release.
    """

    repo: Repo
    top: Path
    state: Path
    branch: str
    person: str
    email: str
    config: Config
    trust: Trust
    signer: Callable[[], Signer]
    journal: Journal
    agents: Agent
    purse: Purse
    sandbox: Callable[[], Sandbox]
    clock: Clock
    symbols: Symbols
    breaks: Breaks
    coverage: Coverage
    halt: Halt
    accepts_open: bool = False
    channel: str = "cli"
    leash: Leash | None = None
    proved: set[tuple[str, str]] = field(factory=set)

    @property
    def base(self) -> str:
        """Return the ref of the base branch."""
        return f"refs/heads/{self.config.policy.base}"

    @property
    def author(self) -> str:
        """Return the person as git names an author."""
        return f"{self.person} <{self.email}>"

    def home(self, change: str) -> str:
        """Return the folder of a change's documents, as far as this machine remembers it.

        Right for laying texts out and taking them in; what counts is in the change's first record.
        """
        note = self.journal.noted(f"home/{change}").get(f"home/{change}", {})
        return str(note.get("folder", f"{SPECS}/{change}"))

    def move(
        self, verb: str, change: str, ref: str, new: str, old: str, *, detail: str = "",
        adopt: tuple[str, ...] = (), actor: str = "",
    ) -> None:  # fmt: skip
        """Move `ref` as one operation of the log. Raises what `Repo.move` raises."""
        moved = {ref: (old, new)}
        operation = Operation(actor or self.person, verb, change, detail, moved, self.clock.now())
        if adopt:
            self.record(operation, lambda: self.repo.adopt(ref, new, old, adopt, verb))
        else:
            self.record(operation, lambda: self.repo.move(ref, new, old, verb))

    def record(self, operation: Operation, act: Callable[[], None]) -> None:
        """Do `act` as `operation`, which is written down before. Raises what `act` raises.

        It is void when it is refused or in conflict, which touches nothing. Whatever else ends it
        (Ctrl-C, a full disk) may come after a ref moved and before its checkout did: then it
        stays pending, for the next run to settle.
        """
        number = self.journal.begin(operation)
        try:
            act()
        except (ConflictError, RefusedError):
            self.journal.void(number)
            raise
        self.journal.finish(number)

    def close(self) -> None:
        """End what was opened for this workshop."""
        self.repo.close()
        self.journal.close()
