"""Takes known secrets out of text before it is written anywhere, in the spellings they turn up in.

Only exact values are known here: what a run was given. A secret that was cut, reversed or spoken
letter by letter passes; that the agent never has the real key is what protects it.
"""

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

from attrs import evolve

from accord.agents.environment import is_secret
from accord.agents.gateway_rules import SERVICES
from accord.core.orders import (
    AgentEvent,
    AgentOrder,
    AgentReport,
    Emit,
)

EVERY_KEY = frozenset(name for service in SERVICES.values() for name in service.keys)
PLACEHOLDER = "[secret]"
_SHORTEST = 8


def known_secrets(order: AgentOrder, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in `environ` that must not be written down in the course of a run."""
    given = {name for name in order.agent.passes if is_secret(name)}
    names = EVERY_KEY | given | set(order.outlet.keys if order.outlet else ())
    return tuple(environ[name].strip() for name in sorted(names) if environ.get(name, "").strip())


def redactor(secrets: Iterable[str]) -> Callable[[str], str]:
    """Return what takes each of `secrets` out of a text.

    Found are the value itself, percent-encoded, in hexadecimal, and in both base64 alphabets at
    any offset in what was encoded. Values under 8 characters are left alone: they would be found
    everywhere.
    """
    spellings = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
    if not spellings:
        return str
    longest = sorted(spellings, key=len, reverse=True)
    pattern = re.compile("|".join(re.escape(form) for form in longest))
    return lambda text: pattern.sub(PLACEHOLDER, text)


def redacted(redact: Callable[[str], str], emit: Emit) -> Emit:
    """Return an `emit` that lets no known secret through to `emit`."""

    def add(event: AgentEvent) -> None:
        emit(evolve(event, text=redact(event.text), path=redact(event.path)))

    return add


def clean_report(redact: Callable[[str], str], report: AgentReport) -> AgentReport:
    """Return `report` without known secrets in any of its texts."""
    return evolve(
        report,
        detail=redact(report.detail),
        said=redact(report.said),
        stop_reason=redact(report.stop_reason),
        refused=tuple(redact(path) for path in report.refused),
        trouble=redact(report.trouble),
    )


def _forms(secret: str) -> Iterable[str]:
    raw = secret.encode()
    yield secret
    yield quote(secret, safe="")
    yield raw.hex()
    yield raw.hex().upper()
    for offset in range(3):
        # Three bytes become four letters, so what stands before shifts the letters of a value;
        # those at its two ends depend on its neighbours and are left out.
        start = (0, 2, 3)[offset]
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(offset) + raw).decode().rstrip("=")
            whole = (offset + len(raw)) % 3 == 0
            yield text[start:] if whole else text[start:-1]
