"""The terminal half of `accord serve`: it prints the way in and confirms what is to be signed.

The server runs on a thread of its own. This thread waits for two things: a signature that a page
asks for, and the Enter key, which asks for a new code.
"""

import select
import sys
import termios
import threading
import time
import webbrowser
from contextlib import suppress

import click
from attrs import define, field

from accord.app import asked as beside
from accord.app import reviewing
from accord.app.changes import load
from accord.app.gate_view import aloud
from accord.app.trust_words import offered
from accord.app.workshop import Workshop
from accord.cli import window
from accord.cli.context import Context, ask_passphrase
from accord.cli.render import plain, wrap
from accord.errors import AccordError, RefusedError
from accord.web import signing
from accord.web.asks import Ask
from accord.web.running import Server
from accord.web.team import Team
from accord.wiring import opening

PRINTED_SECONDS = 600.0  # a code that only this terminal shows
# Ctrl-C that comes just before a thread begins to sleep does not wake it; so it wakes by itself.
LOOK_SECONDS = 0.5
OPENED_SECONDS = 60.0  # one that a list of processes may show, since a browser is started with it


@define
class Serving:
    """One run of `accord serve`."""

    context: Context
    port: int
    opens: bool
    window: bool = False
    terminal: bool = field(factory=lambda: sys.stdin.isatty())

    def run(self) -> None:
        """Serve until Ctrl-C. Raises ConfigurationError when the port is taken."""
        if self.window:
            window.library()  # what is missing is said before anything is begun
        self._open().close()  # and so is what is wrong with the repository
        with Server(self._open, opening.reader, self.port, terminal=self.terminal) as server:
            try:
                if self.window:
                    self._show_window(server)
                else:
                    self._invite(server)
                    self._stay(server)
            except KeyboardInterrupt:
                click.echo()
            click.echo("the room is closed")

    def _stay(self, server: Server) -> None:
        while True:
            self._wait(server)

    def _show_window(self, server: Server) -> None:
        """Show the room in a window; what is to be signed is confirmed beside it, on a thread."""
        click.echo("the review room is in its window; Enter makes a code for a browser")
        # It ends with the process: whoever closes the window answers no question any more.
        beside = threading.Thread(target=self._beside, args=[server], daemon=True)
        window.show(self._way_in(server, OPENED_SECONDS)[0], beside.start)

    def _beside(self, server: Server) -> None:
        with suppress(KeyboardInterrupt):
            self._stay(server)
        server.room.terminal = False

    def _invite(self, server: Server) -> None:
        seconds = OPENED_SECONDS if self.opens else PRINTED_SECONDS
        where, code = self._way_in(server, seconds)
        if self.context.json:
            self.context.answer({"address": server.address, "code": code}, [])
            return
        click.echo(f"the review room: {where}")
        click.echo(f"the code works once, within {seconds:.0f} seconds; Enter makes a new one")
        if self.opens:
            self.opens = False
            webbrowser.open(where)

    def _way_in(self, server: Server, seconds: float) -> tuple[str, str]:
        """Return the address with a code that works once, and the code."""
        code = server.sessions.offer(seconds)
        return f"{server.address}/enter#{code}", code

    def _wait(self, server: Server) -> None:
        asked = server.asks.next()
        if asked is not None:
            self._decide(server, asked)
            return
        watched = [server.asks.wakes, *([sys.stdin] if self.terminal else [])]
        ready, _, _ = select.select(watched, [], [], LOOK_SECONDS)
        if sys.stdin in ready:
            if not sys.stdin.readline():
                self.terminal = False  # the terminal is gone: nobody can confirm anything here
                server.room.terminal = False
                return
            self._invite(server)

    def _decide(self, server: Server, asked: Ask) -> None:
        """Confirm one signature here and make it; tell the page what came of it."""
        try:
            workshop = self._open()
            try:
                self._show(workshop, asked)
                if self.terminal:  # what was typed before the question is no answer to it
                    termios.tcflush(sys.stdin, termios.TCIFLUSH)
                if not click.confirm("Sign this?"):
                    server.asks.settle(asked, "refused", "it was declined in the terminal")
                    return
                said = signing.perform(workshop, asked)
            finally:
                workshop.close()
        except AccordError as error:
            said = f"{error.message}{f' ({error.hint})' if error.hint else ''}"
            server.asks.settle(asked, "refused", said)
            click.echo(wrap(f"not signed: {said}"), err=True)
        except click.Abort:
            server.asks.settle(asked, "refused", "it was declined in the terminal")
            raise KeyboardInterrupt from None
        else:
            server.asks.settle(asked, "done", said)
            click.echo(wrap(said))

    def _show(self, workshop: Workshop, asked: Ask) -> None:
        """Print what would be signed, as this process reads it and not as the page says it."""
        if asked.verb in beside.VERBS:
            head, *rest = beside.words(workshop, asked.verb, asked.change, asked.fields)
            click.echo(wrap(f"\n{head}"))
            for line in rest:
                click.echo(wrap(line, "  ", "    "))
            return
        if asked.offer is not None:
            click.echo(wrap(f"\nTrust a new passkey of {asked.who}: approvals by it count"))
            click.echo(wrap(offered(asked.offer), "  ", "    "))
            return
        change = load(workshop, asked.change)
        gate = change.gate
        if asked.verb == "undo":
            click.echo(wrap(f"\nWithdraw: {asked.stage} of {change.title} ({change.name})?"))
            return
        if gate is None or str(gate.stage) != asked.stage:
            raise RefusedError(f"{change.name} stands at another gate by now")
        if asked.verb == "reject":
            click.echo(wrap(f"\nSend back the {gate.stage} of {change.title} ({change.name})"))
            click.echo(wrap(f"reason: {asked.reason}", "  ", "  "))
            return
        if reviewing.seen(gate) != asked.seen:
            raise RefusedError(f"the {gate.stage} of {change.name} changed since you looked")
        click.echo(wrap(f"\nApprove the {gate.stage} of {change.title} ({change.name})"))
        count = len(gate.asked)
        click.echo(f"  {count} of {len(gate.items)} items changed since the last approval")
        click.echo(plain(f"  words: {aloud(reviewing.seen(gate))}"))

    def _open(self) -> Workshop:
        workshop = opening.open_workshop(self.context.folder, ask_passphrase)
        workshop.channel = "web"
        return workshop


def serve_team(context: Context, team: Team) -> None:
    """Serve the room of a team until Ctrl-C; here nothing is confirmed, and nobody signs."""

    def opens() -> Workshop:
        workshop = opening.open_workshop(context.folder, ask_passphrase)
        workshop.channel = "web"
        return workshop

    opens().close()  # what is wrong with the repository is said before anything is begun
    with Server(opens, opening.reader, team.port, terminal=False, team=team) as server:
        try:  # whoever is told that it listens may stop it at once
            if context.json:
                context.answer(
                    {"address": server.address, "listens": f"{team.host}:{server.port}"}, []
                )
            else:
                click.echo(f"the review room: {server.address}")
                click.echo(f"it listens on {team.host}, port {server.port}")
            while True:
                time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            click.echo("\nthe room is closed")
