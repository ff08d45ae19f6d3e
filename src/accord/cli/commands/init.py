"""`accord init`: set Accord up in this repository."""

import sys
from pathlib import Path

import click

from accord.cli.context import Context, ask_passphrase, command
from accord.cli.render import plain, wrap


@click.command()
@click.option("--key", type=click.Path(path_type=Path), metavar="PATH",
              help="Sign with this SSH key; without it a key of its own is made.")  # fmt: skip
@click.option("--name", default="", help="Your name in the trust file; else from git.")
@click.option("--verify", default=None, metavar="COMMAND", help="The command that runs the tests.")
@command
def init(context: Context, key: Path | None, name: str, verify: str | None) -> None:
    """Set Accord up: the trust file, the configuration, and a key to approve with."""
    from accord.wiring.initialising import initialise

    done = initialise(context.folder, key=key, name=name, verify=verify, ask=ask_passphrase)
    lines = [
        wrap(f"Accord is set up on {done.base} as {done.commit[:12]}; {done.name} may approve"),
        plain(f"key:    {done.key}"),
        f"        {done.fingerprint}",
        f"trust:  {done.trust[:16]}, pinned on this machine",
        plain(f"verify: {done.verify or 'not set; see .accord/config.toml'}"),
        "next:   accord new 'what you want'",
    ]
    if done.format != "native":
        lines.insert(-1, f"specs:  {done.format}, in place")
    if not done.protected and sys.stdout.isatty():
        context.remark(
            wrap(
                "note: the key has no passphrase, so whatever runs as you can sign with it; "
                "name a key in ssh-agent with --key to be asked each time"
            )
        )
    data = {
        "base": done.base, "commit": done.commit, "name": done.name, "key": done.key,
        "fingerprint": done.fingerprint, "trust": done.trust, "verify": done.verify,
        "format": done.format,
    }  # fmt: skip
    context.answer(data, lines)
