"""`accord trust`: who may approve what, and how that is changed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from accord.cli.context import Context, command
from accord.cli.render import wrap
from accord.errors import ConfigurationError

if TYPE_CHECKING:
    from accord.app.trust_keys import Device
    from accord.app.trusting import Changed
    from accord.app.workshop import Workshop
    from accord.core.approval import GateRule, Principal

FACTORS = ["ssh-key", "ssh-agent", "ssh-passphrase", "fido-up", "fido-uv"]
FILE = click.Path(path_type=Path)


@click.group()
def trust() -> None:
    """Who may approve what: people, keys, rules, and the versions of the trust file."""


@trust.command()
@command
def show(context: Context) -> None:
    """List people, keys, rules and versions."""
    from accord.app.trust_words import asks, differences
    from accord.app.trusting import GATES, pending, signers

    workshop = context.workshop()
    now = workshop.trust
    by = signers(workshop)
    waits = pending(workshop)
    rules = {gate: now.rule(gate) for gate in dict.fromkeys((*GATES, *now.gates))}
    versions = [
        {"version": one.version, "digest": one.digest, "signed": list(by[one.version]),
         "reason": one.reason}
        for one in (*now.earlier, now)
    ]  # fmt: skip
    data: dict[str, Any] = {
        "project": now.project,
        "version": now.version,
        "pin": versions[0]["digest"],
        "people": [_person(one) for one in now.principals],
        "rules": {gate: _rule(one) for gate, one in rules.items()},
        "versions": versions,
        "proposal": None,
    }
    lines = [f"version {now.version} of the trust file; its first version, to be compared:",
             f"  {data['pin']}", "", *_people_lines(data), "",
             *(wrap(f"{gate} asks for {asks(one)}", "", "  ") for gate, one in rules.items()), "",
             *_version_lines(versions)]  # fmt: skip
    if waits is not None:
        data["proposal"] = {
            "version": waits.trust.version, "digest": waits.trust.digest,
            "changes": list(differences(now, waits.trust)), "signed": list(waits.signed),
            "needed": waits.needed, "able": list(waits.able),
        }  # fmt: skip
        lines += ["", *_proposal_lines(data["proposal"])]
    context.answer(data, lines)


@trust.command()
@click.argument("name")
@click.option("--key", type=FILE, metavar="FILE", help="The person's public key.")
@click.option("--role", "roles", multiple=True, help="A role; without one, approver.")
@click.option("--commits-as", "aliases", multiple=True, metavar="NAME",
              help="A name under which the person commits.")  # fmt: skip
@click.option("--verify-required", is_flag=True, help="The FIDO key asks for its PIN each time.")
@click.option("--device", type=FILE, nargs=3, metavar="ATTESTATION CHALLENGE ROOTS",
              help="The proof that the FIDO key is in a device.")  # fmt: skip
@click.option("--login", "logins", multiple=True, metavar="EMAIL",
              help="A login at the server of a team, or sub: and the issuer's name.")  # fmt: skip
@click.option("--passkey", default="", metavar="TEXT",
              help="A passkey, as the page Your keys gives it.")  # fmt: skip
@command
def add(
    context: Context, name: str, key: Path | None, roles: tuple[str, ...], aliases: tuple[str, ...],
    device: tuple[Path, Path, Path] | None, logins: tuple[str, ...], passkey: str, *,
    verify_required: bool,
) -> None:  # fmt: skip
    """Add a person, or more to one who is there.

    A person who is new needs a key; one who is there gets one more key, role or name in git.
    """
    from accord.app import trusting
    from accord.approvals import passkeys
    from accord.approvals.signers import public_line

    if passkey and (key or device or verify_required):
        raise ConfigurationError("a passkey goes without --key, --device and --verify-required",
                                 hint="run accord trust add once for each")  # fmt: skip
    workshop = _opened(context)
    line = public_line(_placed(context, key)) if key else ""
    done = trusting.add(
        workshop, name, line, roles=roles, aliases=aliases, verify_required=verify_required,
        device=_device(context, device), logins=logins,
        passkey=passkeys.read(passkey) if passkey else None,
    )  # fmt: skip
    _answer(context, done)


@trust.command()
@click.option("--key", type=FILE, metavar="FILE", required=True, help="Your new key.")
@click.option("--verify-required", is_flag=True, help="The FIDO key asks for its PIN each time.")
@click.option("--device", type=FILE, nargs=3, metavar="ATTESTATION CHALLENGE ROOTS",
              help="The proof that the FIDO key is in a device.")  # fmt: skip
@command
def rotate(
    context: Context, key: Path, device: tuple[Path, Path, Path] | None, *, verify_required: bool
) -> None:
    """Put a new key in the place of yours.

    What the old one signed on the open changes of this repository goes on counting.
    """
    from accord.app import trusting
    from accord.approvals.signers import public_line
    from accord.wiring.initialising import use_key

    workshop = _opened(context)
    path = _placed(context, key)
    done = trusting.rotate(
        workshop, public_line(path), verify_required=verify_required,
        device=_device(context, device),
    )  # fmt: skip
    if done.holds:
        use_key(workshop.trust.project, path)
        _answer(context, done, f"this machine signs with {path} now")
    else:
        _answer(context, done, f"once it holds: accord init --key {path}")


@trust.command()
@click.argument("who", metavar="NAME|FINGERPRINT")
@click.option("--because", required=True, metavar="TEXT", help="The reason, kept in the file.")
@click.option("--keep", is_flag=True, help="What they signed on open changes goes on counting.")
@command
def revoke(context: Context, who: str, because: str, *, keep: bool) -> None:
    """Take a person or a key out of the trust file.

    What they approved on open changes opens nothing any more, unless it is kept.
    """
    from accord.app import trusting

    _answer(context, trusting.revoke(_opened(context), who, because, keep=keep))


@trust.command()
@click.argument("gate")
@click.option("--people", type=click.IntRange(min=1), default=1, show_default=True,
              help="How many different people open it.")  # fmt: skip
@click.option("--role", default="", help="The role that they have; without it, as it is.")
@click.option("--separate", is_flag=True, help="Not those who wrote what is approved.")
@click.option("--fresh", is_flag=True, help="Not only the one who alone approved the spec.")
@click.option("--factor", default="", type=click.Choice(["", *FACTORS]), metavar="FACTOR",
              help=f"The weakest key that counts: {', '.join(FACTORS)}.")  # fmt: skip
@click.option("--hardware", is_flag=True, help="A key that is proved to be in a device.")
@click.option("--level", type=click.IntRange(0, 4), default=0,
              help="The lowest level of the wall around the agent.")  # fmt: skip
@command
def require(
    context: Context, gate: str, people: int, role: str, factor: str, level: int, *,
    separate: bool, fresh: bool, hardware: bool,
) -> None:  # fmt: skip
    """Set all that GATE asks for.

    GATE is a stage, track, size, evidence or trust. What is not named is not asked for.
    """
    from accord.app import trusting
    from accord.core.approval import GateRule

    workshop = _opened(context)
    role = role or workshop.trust.rule(gate).role
    rule = GateRule(people, role, separate, fresh, factor, level, hardware)
    _answer(context, trusting.require(workshop, gate, rule))


@trust.command()
@click.option("--seen", default="", help="The digest of the proposal that you read.")
@click.option("--yes", is_flag=True, help="Sign without being asked.")
@command
def sign(context: Context, seen: str, *, yes: bool) -> None:
    """Sign the version that waits for people."""
    from accord.app import trusting
    from accord.app.trust_words import differences

    workshop = _opened(context)
    waits = trusting.pending(workshop)
    if waits is not None and not seen:
        if not yes and not sys.stdin.isatty():
            raise ConfigurationError(
                "there is no terminal to show the proposal on",
                hint=f"accord trust show, then sign with --seen {waits.trust.digest[:12]}",
            )
        seen = waits.trust.digest
        if not yes:
            for line in differences(workshop.trust, waits.trust):
                click.echo(wrap(line, "  ", "    "))
            click.confirm(f"\nSign version {waits.trust.version}?", abort=True)
    _answer(context, trusting.sign(workshop, seen))


@trust.command()
@command
def drop(context: Context) -> None:
    """Take the version that waits away."""
    from accord.app import trusting

    version = trusting.drop(_opened(context))
    context.answer({"dropped": version}, [f"version {version} is dropped"])


def _opened(context: Context) -> "Workshop":
    from accord.app.records import refuse_agents

    refuse_agents()
    return context.workshop()


def _placed(context: Context, key: Path) -> Path:
    return (context.folder / key.expanduser()).absolute()


def _device(context: Context, files: tuple[Path, Path, Path] | None) -> "Device | None":
    from accord.app.trust_keys import Device

    if not files:
        return None
    try:
        return Device(*(_placed(context, one).read_bytes() for one in files))
    except OSError as error:
        raise ConfigurationError(
            f"{error.filename} cannot be read: {error.strerror}", hint="name another file"
        ) from error


def _answer(context: Context, done: "Changed", more: str = "") -> None:
    lines = [wrap(one, "  ", "    ") for one in done.words]
    if done.proposal is None:
        head = [f"version {done.version} of the trust file holds: {done.digest[:12]}"]
        tail: list[str] = []
    else:
        head = [f"version {done.version} of the trust file is proposed: {done.digest[:12]}"]
        tail = [_missing(len(done.proposal.signed), done.proposal.needed, done.proposal.able)]
    data = {
        "version": done.version, "digest": done.digest, "holds": done.holds,
        "changes": list(done.words),
        "signed": list(done.proposal.signed) if done.proposal else [],
        "able": list(done.proposal.able) if done.proposal else [],
    }  # fmt: skip
    context.answer(data, [*head, *lines, *tail, *([wrap(more)] if more else [])])


def _missing(signed: int, needed: int, able: "list[str] | tuple[str, ...]") -> str:
    names = ", ".join(able)
    return wrap(f"it has {signed} of {needed} signatures and no force yet; accord trust sign is "
                f"for {names}")  # fmt: skip


def _people_lines(data: dict[str, Any]) -> list[str]:
    lines = []
    for one in data["people"]:
        roles = ", ".join(one["roles"])
        also = f", commits as {', '.join(one['aliases'])}" if one["aliases"] else ""
        also += f", signs in as {', '.join(one['logins'])}" if one["logins"] else ""
        lines.append(wrap(f"{one['name']}: {roles}{also}"))
        lines += [
            wrap(f"{key['fingerprint']} {key['factor']}", "  ", "    ") for key in one["keys"]
        ]
    return lines


def _version_lines(versions: list[dict[str, Any]]) -> list[str]:
    lines = []
    for one in versions:
        by = f"signed by {', '.join(one['signed'])}" if one["signed"] else "the first"
        why = f" ({one['reason']})" if one["reason"] else ""
        lines.append(wrap(f"v{one['version']} {one['digest'][:12]} {by}{why}", "", "  "))
    return lines


def _proposal_lines(waits: dict[str, Any]) -> list[str]:
    return [
        f"proposed: version {waits['version']}, {waits['digest'][:12]}",
        *(wrap(one, "  ", "    ") for one in waits["changes"]),
        _missing(len(waits["signed"]), waits["needed"], waits["able"]),
    ]


def _person(person: "Principal") -> dict[str, Any]:
    from accord.approvals.sshsig import fingerprint

    return {
        "name": person.name,
        "roles": list(person.roles),
        "aliases": list(person.aliases),
        "logins": list(person.logins),
        "keys": [
            {"key": key, "fingerprint": fingerprint(key), "factor": _factor(person, key)}
            for key in person.keys
        ],
    }


def _factor(person: "Principal", key: str) -> str:
    """Return what the key can give, and who says so."""
    from accord.core.approval import VERIFY_REQUIRED

    passkey = person.passkeys.get(key)
    if passkey is not None:
        return f"fido-uv, passkey {passkey.name!a} on {passkey.origin}"
    if not key.startswith("sk-"):
        return key.partition(" ")[0]
    factor = "fido-uv" if VERIFY_REQUIRED in person.marks.get(key, ()) else "fido-up"
    return f"{factor}, {'in a device' if person.attested(key) else 'by its own word'}"


def _rule(rule: "GateRule") -> dict[str, Any]:
    from attrs import asdict

    return dict(asdict(rule))
