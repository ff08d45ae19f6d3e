"""What every command shares: where it runs, how it answers, how it asks."""

import json
import sys
from collections.abc import Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import define

if TYPE_CHECKING:  # opening the workshop imports everything, which `accord --version` never needs
    from collections.abc import Callable

    from accord.app.rewriting import Rewriter
    from accord.app.workshop import Workshop


@define
class Context:
    """One call of the command line: the folder, and whether the answer is to be JSON."""

    folder: Path
    json: bool = False

    def workshop(self, *, detached: bool = False) -> "Workshop":
        """Open the repository around the folder. Raises what `wiring.open_workshop` raises."""
        from accord.app import rewriting
        from accord.wiring.opening import open_workshop

        workshop = open_workshop(self.folder, ask_passphrase, detached=detached)
        click.get_current_context().call_on_close(workshop.close)
        self._settle(rewriting.of(workshop))
        return workshop

    def files(self, *, logged: bool = False) -> "Rewriter":
        """Return what changes files here as operations, whether Accord is set up or not.

        Raises ConfigurationError where there is no place for the log; where `logged`, also where
        Accord is not set up and changed nothing yet.
        """
        from accord.git.locate import locate
        from accord.wiring.machine import state_folder
        from accord.wiring.opening import NotSetUpError, open_files

        place = locate(self.folder)
        state = state_folder(place.common)
        if logged and not (state / "journal.sqlite").is_file():
            raise NotSetUpError
        files = open_files(place, state)
        click.get_current_context().call_on_close(files.journal.close)
        self._settle(files)
        return files

    def _settle(self, files: "Rewriter") -> None:
        from accord.app import rewriting

        for line in rewriting.settle(files):
            self.remark(f"note: {line}")

    def answer(self, data: dict[str, Any], lines: Iterable[str]) -> None:
        """Print the answer: `data` as JSON, or the lines for a person."""
        if self.json:
            # ASCII, so that nothing in a document can steer the terminal that shows it.
            click.echo(json.dumps(data, indent=2))
            return
        for line in lines:
            click.echo(line)

    def remark(self, text: str) -> None:
        """Say something beside the answer, on stderr."""
        if not self.json:
            click.echo(text, err=True)


def ask_passphrase(question: str) -> str:
    """Ask the person for a passphrase, on the terminal only."""
    if not sys.stdin.isatty():
        from accord.errors import ConfigurationError

        raise ConfigurationError(
            "the key needs a passphrase and there is no terminal to ask on",
            hint="ssh-add the key, and name its .pub file with accord init --key",
        )
    return str(click.prompt(question, hide_input=True, err=True))


def command(function: "Callable[..., None]") -> "Callable[..., None]":
    """Give a command its context as first argument, and the option `--json`."""

    @click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
    @click.pass_obj
    @wraps(function)
    def run(context: Context, /, *, as_json: bool, **options: Any) -> None:
        context.json = context.json or as_json
        function(context, **options)

    return run
