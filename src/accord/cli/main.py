"""The command `accord`: finds the verb, runs it, turns errors into words and exit codes."""

import errno
import gc
import importlib
import json
import keyword
import os
import sys
import traceback
from pathlib import Path

import click

from accord import __version__
from accord.cli.context import Context
from accord.errors import AccordError, ConfigurationError, RefusedError

_REFUSALS = (
    *map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)),
    "Out of diskspace",  # as git says it of a short write
)

VERBS = {
    "init": "set Accord up in this repository",
    "new": "begin a change with a sentence",
    "status": "what to do now, and every open change",
    "show": "one change, as its gate needs to be seen",
    "answer": "answer a question, accept or correct an assumption",
    "approve": "approve the gate that a change stands before",
    "reject": "send the work of a stage back with a reason",
    "run": "let everything go on that waits for nobody",
    "worker": "build and land tasks beside other machines",
    "pause": "have a stage or a task wait, with what its agent wrote",
    "go-on": "let what was paused go on where it was left",
    "hand-over": "give a stage or a task to another agent",
    "replay": "play a run again that is over, asking no model",
    "serve": "the review room: decide in a browser, sign here",
    "check": "findings in specs: native, Kiro, spec-kit, OpenSpec",
    "revise": "supersede or retire a criterion, with its history",
    "import": "tasks, an issue or markdown as native documents",
    "convert": "write a spec in another format",
    "trace": "links between criteria and code: proposed, accepted",
    "verdict": "close a finding of drift: what is wrong, or nothing is",
    "archive": "bring an OpenSpec change into the specs, losing nothing",
    "decisions": "rules that people signed once and every draft is held against",
    "log": "the operations, the newest first",
    "agents": "which agents there are here, and what each can do",
    "trust": "who may approve what, and how that is changed",
    "salvage": "what agents left: list it, bring it back",
    "undo": "take back the last operation",
    "doctor": "what works here and what does not",
    "demo": "see a whole change in a throw-away repository",
}


class Verbs(click.Group):
    """The verbs, each imported only when it is used: starting up must stay cheap."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """Return the verbs in the order of a change's life."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command for a verb."""
        if name not in VERBS:
            return None
        own = f"{name}_" if keyword.iskeyword(name) else name.replace("-", "_")
        module = importlib.import_module(f"accord.cli.commands.{own}")
        found: click.Command = getattr(module, own)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="accord %(version)s")
@click.option("-C", "folder", metavar="DIR", default=Path(), help="Run as if started in DIR.",
              type=click.Path(path_type=Path, exists=True, file_okay=False))  # fmt: skip
@click.pass_context
def cli(ctx: click.Context, folder: Path) -> None:
    """Spec-driven development with gates that hold."""
    ctx.obj = Context(folder)


def main() -> None:
    """Run the command line and exit: 0 fine, 1 refused, 2 usage, 3 conflict, 4 agent, 70 bug."""
    # Importing makes many objects and hardly any garbage; looking for it costs a tenth of a start.
    gc.set_threshold(50_000, 20, 20)
    try:
        status = cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        if "--json" in sys.argv:
            _explain(ConfigurationError(error.format_message(), hint="accord --help"))
        else:
            error.show()
        sys.exit(2)
    except AccordError as error:
        said = _from_the_system(error) or error
        _explain(said)
        sys.exit(said.exit_code)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:  # noqa: BLE001 -- the last boundary: what is left is a bug, and is said so
        refusal = _from_the_system(error)
        if refusal is None:
            _report_bug()
            sys.exit(70)
        _explain(refusal)
        sys.exit(refusal.exit_code)
    sys.exit(status if isinstance(status, int) else 0)


def _from_the_system(error: Exception) -> AccordError | None:
    """Return the error for the person when a disk is full, read-only, or somebody else's."""
    hint = "free space or rights, then run it again"
    said = str(getattr(error, "said", ""))  # what git said, in the C locale
    if isinstance(error, OSError) or any(one in said for one in _REFUSALS):
        return RefusedError(f"the system refused: {error}", hint=hint)
    # Named, not imported: most commands have no use for SQLite, and starting up must stay cheap.
    if type(getattr(error, "orig", error)).__module__ == "sqlite3":  # or what the engine made of it
        hint = f"{hint}; or move journal.sqlite away, git holds the truth"
        return RefusedError(f"the journal cannot be used: {error}", hint=hint)
    return None


def _explain(error: AccordError) -> None:
    from accord.cli.render import plain

    if "--json" in sys.argv:
        said = {"error": error.message, "hint": error.hint, "kind": error.kind}
        click.echo(json.dumps(said, indent=2))
        return
    click.echo(f"error: {plain(error.message)}", err=True)
    if error.hint:
        click.echo(f"hint: {plain(error.hint)}", err=True)


def _report_bug() -> None:
    from accord.cli.render import plain

    click.echo(
        "error: this is a bug in Accord; nothing was left half-written\n"
        "hint: report it with what follows\n\n"
        f"accord {__version__}, Python {sys.version.split()[0]}, {sys.platform}\n"
        f"{plain(traceback.format_exc())}",
        err=True,
    )
