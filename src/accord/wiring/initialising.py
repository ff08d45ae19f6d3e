"""Set Accord up in a repository, or tell this machine who the person is in one that has it."""

import secrets
from pathlib import Path

from attrs import frozen

from accord.app import config as configuration
from accord.app.setting_up import first_files, guess_verify
from accord.approvals import sshsig
from accord.approvals.signers import generate_key, load_signer, public_line
from accord.approvals.trust import FOLDER as TRUST
from accord.approvals.trust import read_trust
from accord.core.model import sha256
from accord.core.ports import Operation
from accord.engine.journal import SqliteJournal
from accord.errors import ConfigurationError, RefusedError
from accord.git.locate import Place, check_version, locate
from accord.git.repo import GitRepo
from accord.wiring.machine import (
    Person,
    SystemClock,
    key_file,
    person,
    remember,
    remember_base,
    state_folder,
)
from accord.wiring.opening import AskPassphrase, open_repo


@frozen
class SetUp:
    """What was set up: the base branch, the commit, the person, the key, the pinned trust."""

    base: str
    commit: str
    name: str
    key: str
    fingerprint: str
    trust: str
    verify: str
    protected: bool


def initialise(
    start: Path, *, key: Path | None, name: str, verify: str | None, ask: AskPassphrase
) -> SetUp:
    """Set Accord up on the branch that is checked out, by one commit of its own files.

    `key` is an SSH key of the person's; without it a dedicated one is made. In a repository that
    has Accord already, only the person's key is noted for this machine. Raises ConfigurationError
    for an unusable key and RefusedError when the trust file does not know it.
    """
    check_version()
    place = locate(start)
    repo = open_repo(place)
    if repo.read(place.head, configuration.PATH) is not None:
        return _join(repo, place, key)
    project = secrets.token_hex(16)
    name = name or place.person.replace(" ", "-").lower()
    path = _absolute(key) if key else key_file(project)
    line = public_line(path) if key else generate_key(path, f"accord {project[:8]}")
    # Ask for the passphrase now: a key that cannot sign is better found out before the commit.
    signer = load_signer(path, ask)
    guess = guess_verify(repo.names(place.head, ""))
    command = guess if verify is None else verify
    base = place.branch.removeprefix("refs/heads/")
    files = first_files(repo, place.head, base=base, project=project, name=name,
                        key_line=line, verify=command)  # fmt: skip
    author = f"{place.person} <{place.email}>"
    commit = repo.commit(place.head, dict(files), "Set Accord up\n", author)
    journal = SqliteJournal(state_folder(place.common) / "journal.sqlite")
    moved = {place.branch: (place.head, commit)}
    number = journal.begin(Operation(place.person, "init", "", base, moved, SystemClock().now()))
    try:
        repo.move(place.branch, commit, place.head, "init")
    except BaseException:
        journal.void(number)
        raise
    journal.finish(number)
    pin = sha256(files[f"{TRUST}/v1.json"])
    remember(project, Person(str(path), pin))
    remember_base(place.common, base)
    return SetUp(base, commit, name, str(path), sshsig.fingerprint(line), pin, command,
                 signer.factor != "ssh-key")  # fmt: skip


def _join(repo: GitRepo, place: Place, key: Path | None) -> SetUp:
    settings = configuration.read(repo.read(place.head, configuration.PATH) or b"")
    base = settings.policy.base
    tip = repo.resolve(f"refs/heads/{base}")
    files = {one: repo.read(tip, f"{TRUST}/{one}") or b"" for one in repo.names(tip, TRUST)}
    trust = read_trust(files)
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
    pin = sha256(files["v1.json"])
    remember(trust.project, Person(str(path), pin))
    remember_base(place.common, base)
    return SetUp(base, tip, mine.name, str(path), sshsig.fingerprint(line), pin,
                 settings.policy.verify, True)  # fmt: skip


def _absolute(key: Path) -> Path:
    return key.expanduser().absolute()
