"""Takes secrets out of text before it is written anywhere: what a run was given, and their like.

A secret that was cut, reversed or spoken letter by letter passes; that the agent never has the real
key is what protects it.
"""

import os
from collections.abc import Callable, Iterable, Mapping

from attrs import evolve

from accord.agents.account import SAID_CHARS
from accord.agents.environment import is_secret
from accord.agents.gateway_rules import SERVICES
from accord.core import secrets
from accord.core.orders import AgentOrder, AgentReport

EVERY_KEY = frozenset(name for service in SERVICES.values() for name in service.keys)


def known_secrets(order: AgentOrder, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in `environ` that must not be written down in the course of a run."""
    given = {name for name in order.agent.passes if is_secret(name)}
    names = EVERY_KEY | given | set(order.outlet.keys if order.outlet else ())
    return tuple(environ[name].strip() for name in sorted(names) if environ.get(name, "").strip())


def redactor(known: Iterable[str]) -> Callable[[str], str]:
    """Return what takes each of `known`, and whatever has the shape of a secret, out of a text.

    Equal values are marked alike within a run and by nobody else to be told: the key that marks
    them is forgotten with it.
    """
    values, key = tuple(known), os.urandom(16)
    # No `partial`: its repr would show the values wherever a plan is printed.
    return lambda text: secrets.redact(text, values, key=key)


def clean_report(redact: Callable[[str], str], report: AgentReport) -> AgentReport:
    """Return `report` without known secrets in any of its texts, the last words cut after that."""
    return evolve(
        report,
        detail=redact(report.detail),
        said=redact(report.said)[:SAID_CHARS],
        stop_reason=redact(report.stop_reason),
        refused=tuple(redact(path) for path in report.refused),
        trouble=redact(report.trouble),
        claimed=redact(report.claimed),
    )
