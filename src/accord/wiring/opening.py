"""Open a workshop: a repository with its rules, its people and the adapters that serve it."""

import hashlib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from attrs import evolve, frozen

from accord.agents.runs import AgentRuns
from accord.agents.spending import LEDGER, Purse
from accord.app import agency, records
from accord.app import config as configuration
from accord.app.config import Config
from accord.app.edits_folder import EDITS
from accord.app.rewriting import Rewriter
from accord.app.workshop import Workshop
from accord.approvals.signers import Signer, load_signer, public_line
from accord.approvals.trust import FOLDER as TRUST
from accord.approvals.trust import PinError, read_trust
from accord.core.approval import Trust
from accord.core.model import Stage
from accord.core.orders import AgentChoice, AgentKind
from accord.core.ports import Sandbox
from accord.engine.journal import SqliteJournal
from accord.errors import ConfigurationError, RefusedError
from accord.git.locate import Place, locate
from accord.git.repo import GitRepo
from accord.git.run import Git
from accord.sandbox.choose import strongest
from accord.sandbox.halting import halt
from accord.wiring.code import break_symbol, read_coverage, read_symbols
from accord.wiring.machine import (
    Known,
    Person,
    SystemClock,
    person,
    person_file,
    remember_repository,
    repository,
    repository_file,
    state_folder,
)
from accord.wiring.sharing import shared

WALLED = 3
"""The level at which nothing that was tried got through the walls."""

AskPassphrase = Callable[[str], str]


class NotSetUpError(ConfigurationError):
    """Raised where nobody ran `accord init`."""

    def __init__(self) -> None:
        super().__init__("Accord is not set up in this repository", hint="accord init")


def open_repo(place: Place) -> GitRepo:
    """Return the repository at `place`."""
    return GitRepo(Git(place.common), state_folder(place.common))


@frozen
class Rules:
    """What counts in a repository: its base branch, the configuration and the people there."""

    base: str
    tip: str
    config: Config
    trust: Trust
    pin: str


def read_rules(repo: GitRepo, place: Place) -> Rules | None:
    """Return what counts in the repository at `place`, or None where Accord is not set up.

    Raises ConfigurationError where the base branch is gone and RefusedError where the base or the
    trust file is not the one that this machine knows. What is met for the first time is not
    remembered here: see `pin_rules`.
    """
    known = repository(place.common)
    base = known.base or _named_base(repo, place)
    if not base:
        return None
    tip = repo.resolve(f"refs/heads/{base}")
    if not tip:
        raise ConfigurationError(
            f"the base branch {base} is gone", hint=f"git branch -m NEW {base}, if it was renamed"
        )
    settings = repo.read(tip, configuration.PATH)
    if settings is None:
        return None
    config = configuration.read(settings)
    if config.policy.base != base:
        file = repository_file(place.common)
        raise RefusedError(
            f"{base} names {config.policy.base} as the base, and this machine knows {base}",
            hint=f"if a colleague moved it, write the new base in {file}",
        )
    files = {name: repo.read(tip, f"{TRUST}/{name}") or b"" for name in repo.names(tip, TRUST)}
    pin, file = known.pin, repository_file(place.common)
    if not pin:
        # A clone that is new here; the project may be known from another one.
        project = read_trust(files).project
        pin, file = person(project).pin, person_file(project)
    try:
        trust = read_trust(files, root=pin or None)
    except PinError as error:
        hint = f"compare it with a colleague; the pin is in {file}"
        raise PinError(error.message, hint=hint) from None
    return Rules(base, tip, config, trust, hashlib.sha256(files["v1.json"]).hexdigest())


def pin_rules(place: Place, rules: Rules) -> None:
    """Remember the base, the project and the trust of a repository when they are first met."""
    known = Known(rules.base, rules.trust.project, rules.pin)
    if repository(place.common) != known:
        remember_repository(place.common, known)


def open_workshop(
    start: Path, ask: AskPassphrase, *, detached: bool = False, patience_s: float = 0.0
) -> Workshop:
    """Return the workshop for the repository around `start`; HEAD may be `detached`.

    `patience_s` is how long a shared database that is gone is waited for.

    Raises ConfigurationError where Accord is not set up and RefusedError where the trust file
    does not hold or is not the one that this machine pinned.
    """
    place = locate(start, detached=detached)
    repo = open_repo(place)
    try:
        rules = read_rules(repo, place)
        if rules is None:
            raise NotSetUpError
        repo.quota, repo.kind = rules.config.quota, rules.config.kind
        repo.include = rules.config.include
        repo.revive()
        known = person(rules.trust.project)
        pin_rules(place, rules)
    except BaseException:
        repo.close()
        raise
    state = state_folder(place.common)
    return Workshop(
        repo=repo,
        top=place.top,
        state=state,
        branch=place.branch,
        person=place.person,
        email=place.email,
        config=rules.config,
        trust=rules.trust,
        signer=_signer(rules.trust, known, ask),
        journal=shared(SqliteJournal(state / "journal.sqlite"), rules.trust.project, patience_s),
        agents=AgentRuns(state / "runs"),
        purse=Purse(state / LEDGER),
        sandbox=partial(walls, state),
        clock=SystemClock(),
        symbols=read_symbols,
        breaks=break_symbol,
        coverage=read_coverage,
        halt=halt,
    )


def open_files(place: Place, state: Path) -> Rewriter:
    """Return what changes files of the checkout at `place` as operations, set up or not.

    `state` is Accord's folder for the repository. Its journal is to be closed by the caller.
    """
    journal = SqliteJournal(state / "journal.sqlite")
    return Rewriter(place.top, state / EDITS, journal, place.person, SystemClock())


@cache
def walls(state: Path) -> Sandbox:
    """Return the strongest box of this machine, proved once for this process on a scratch folder.

    Raises OSError where the folder `state` cannot be written.
    """
    return strongest(state / "canaries").sandbox


def reader(workshop: Workshop) -> str:
    """Return the name that the trust file has for whoever works here; empty where it has none.

    Only the public half of the key is read, so nothing is asked.
    """
    known = person(workshop.trust.project)
    try:
        return records.holder(workshop, public_line(Path(known.key))) if known.key else ""
    except ConfigurationError:
        return ""


def _named_base(repo: GitRepo, place: Place) -> str:
    data = repo.read(place.head, configuration.PATH)
    return configuration.read(data).policy.base if data is not None else ""


def _signer(trust: Trust, known: Person, ask: AskPassphrase) -> Callable[[], Signer]:
    """Return what loads the person's key once, when it is first needed."""
    loaded: list[Signer] = []

    def signer() -> Signer:
        if not known.key:
            raise ConfigurationError(
                f"this machine knows no key of yours for project {trust.project[:8]}",
                hint="accord init --key PATH names one",
            )
        if not loaded:
            loaded.append(load_signer(Path(known.key), ask))
        return loaded[0]

    return signer


def with_agent(workshop: Workshop, *, agent: tuple[str, ...] = (), script: str = "") -> Workshop:
    """Return the workshop with the agents that a person wishes for, or a script to be played.

    Raises ConfigurationError for a name that the configuration does not know.
    """
    config = workshop.config
    if script:
        chosen = AgentChoice("scripted", AgentKind.SCRIPTED, (script,))
        agents = {**config.agents, chosen.name: chosen}
        workshop.config = evolve(config, agents=agents, stages={"default": chosen.name})
    elif agent:
        workshop.config = agency.chosen(config, agent)
    workshop.config = _rooted(workshop.config, workshop.top)
    return workshop


def warnings(workshop: Workshop) -> list[str]:
    """Return what a person should know before agents run."""
    used = [agent for stage in Stage if (agent := workshop.config.agent(stage)) is not None]
    said = []
    if any(agent.kind is AgentKind.SCRIPTED for agent in used):
        said.append("note: the agent is scripted: it plays a file and thinks nothing")
    if used:
        box = workshop.sandbox()
        how = f"warning: level {box.level}" if box.level < WALLED else "note"
        said += [f"{how}: {gap}" for gap in box.gaps]
    return said


def _rooted(config: Config, top: Path) -> Config:
    """Return the configuration with the scripts of scripted agents named from the root.

    An agent starts in a worktree that it can write; a relative name would be looked for there.
    """
    agents = {
        name: evolve(one, command=(str(top / one.command[0]), *one.command[1:]))
        if one.kind is AgentKind.SCRIPTED and one.command
        else one
        for name, one in config.agents.items()
    }
    return evolve(config, agents=agents)
