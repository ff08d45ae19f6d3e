"""Set Accord up in a repository, or tell this machine who the person is in one that has it."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from accord.app import config as configuration
from accord.app.setting_up import first_files, guess_format, guess_verify
from accord.approvals import sshsig
from accord.approvals.signers import generate_key, load_signer, public_line
from accord.approvals.trust import FOLDER as TRUST
from accord.core.model import sha256
from accord.core.ports import Operation
from accord.engine.journal import SqliteJournal
from accord.errors import ConfigurationError, RefusedError
from accord.git.locate import Place, check_version, locate
from accord.git.repo import GitRepo
from accord.wiring.machine import (
    Known,
    Person,
    SystemClock,
    key_file,
    person,
    remember,
    remember_repository,
    state_folder,
)
from accord.wiring.opening import AskPassphrase, Rules, open_repo, pin_rules, read_rules


@frozen
class SetUp:
    """What was set up: the base branch, the commit, person, key, pinned trust and format."""

    base: str
    commit: str
    name: str
    key: str
    fingerprint: str
    trust: str
    verify: str
    protected: bool
    format: str


def initialise(
    start: Path, *, key: Path | None, name: str, verify: str | None, ask: AskPassphrase
) -> SetUp:
    """Set Accord up on the branch that is checked out, by one commit of its own files.

    `key` is an SSH key of the person's; without it a dedicated one is made. In a repository that
    has Accord already, only the person's key is noted for this machine. Raises ConfigurationError
    for an unusable key, a command that cannot be read or a person without a name, and RefusedError
    when the trust file does not know the key or is not the one that this machine pinned.
    """
    check_version()
    place = locate(start)
    repo = open_repo(place)
    try:
        rules = read_rules(repo, place)
        if rules is not None:
            return _join(rules, place, key)
        return _begin(repo, place, key=key, name=name, verify=verify, ask=ask)
    finally:
        repo.close()


def _begin(
    repo: GitRepo, place: Place, *, key: Path | None, name: str, verify: str | None,
    ask: AskPassphrase,
) -> SetUp:  # fmt: skip
    base = place.branch.removeprefix("refs/heads/")
    if repo.read(place.head, configuration.PATH) is not None:
        raise ConfigurationError(
            f"{configuration.PATH} is on {base} and not on the base branch",
            hint="git switch to the base branch",
        )
    if not name and not place.named:
        raise ConfigurationError(
            "git does not know who you are", hint="git config user.name 'Your Name', or --name"
        )
    guess = guess_verify(repo.names(place.head, ""))
    command = guess if verify is None else verify
    form = guess_format(repo, place.head)
    settings = configuration.template(base, command, form)
    project = secrets.token_hex(16)
    name = name or place.person.replace(" ", "-").lower()
    path = _absolute(key) if key else key_file(project)
    line = public_line(path) if key else generate_key(path, f"accord {project[:8]}")
    # Ask for the passphrase now: a key that cannot sign is better found out before the commit.
    signer = load_signer(path, ask)
    files = first_files(repo, place.head, project=project, name=name, key_line=line,
                        settings=settings, form=form)  # fmt: skip
    commit = _commit(repo, place, files)
    pin = sha256(files[f"{TRUST}/v1.json"])
    remember(project, Person(str(path), pin))
    remember_repository(place.common, Known(base, project, pin))
    return SetUp(base, commit, name, str(path), sshsig.fingerprint(line), pin, command,
                 signer.factor != "ssh-key", form)  # fmt: skip


def _commit(repo: GitRepo, place: Place, files: Mapping[str, bytes]) -> str:
    author = f"{place.person} <{place.email}>"
    commit = repo.commit(place.head, dict(files), "Set Accord up\n", author)
    base = place.branch.removeprefix("refs/heads/")
    moved = {place.branch: (place.head, commit)}
    journal = SqliteJournal(state_folder(place.common) / "journal.sqlite")
    try:
        operation = Operation(place.person, "init", "", base, moved, SystemClock().now())
        number = journal.begin(operation)
        try:
            repo.move(place.branch, commit, place.head, "init")
        except BaseException:
            journal.void(number)
            raise
        journal.finish(number)
    finally:
        journal.close()
    return commit


def _join(rules: Rules, place: Place, key: Path | None) -> SetUp:
    trust, base = rules.trust, rules.base
    if key is None:
        known = person(trust.project)
        hint = "accord init --key PATH names your key" if not known.key else "accord status"
        raise ConfigurationError(f"Accord is set up on {base} already", hint=hint)
    path = _absolute(key)
    line = public_line(path)
    mine = next(
        (one for one in trust.principals if line in map(sshsig.canonical_key, one.keys)), None
    )
    if mine is None:
        people = ", ".join(one.name for one in trust.principals)
        raise RefusedError(
            f"the key {sshsig.fingerprint(line)} belongs to nobody in the trust file",
            hint=f"ask one of its people to add it: {people}",
        )
    pin_rules(place, rules)
    remember(trust.project, Person(str(path), rules.pin))
    return SetUp(base, rules.tip, mine.name, str(path), sshsig.fingerprint(line), rules.pin,
                 rules.config.policy.verify, True, rules.config.format)  # fmt: skip


def _absolute(key: Path) -> Path:
    return key.expanduser().absolute()


def use_key(project: str, path: Path) -> None:
    """Sign with the key at `path` on this machine from now on; the pinned trust stays."""
    remember(project, Person(str(path), person(project).pin))
