"""What the tests of a change run, beside what its tasks changed: one run under coverage.py."""

from collections.abc import Mapping, Sequence

from attrs import evolve

from accord.app.config import words
from accord.app.evidence import run_on
from accord.app.workshop import Workshop
from accord.core import covering
from accord.core.fingerprint import Mark, Symbol, mark
from accord.core.ports import Executed
from accord.core.trace import Trace


def covered(workshop: Workshop, commit: str, found: Trace) -> Trace:
    """Return a trace with the symbols of `commit` that its tests run.

    It stays as it is where the configuration names no command, or nothing useful came of it: a
    trace without is worth less, and no reason to keep a release waiting.
    """
    config, repo = workshop.config, workshop.repo
    if not (config.coverage.strip() and found.tests):
        return found
    ran = run_on(workshop, commit, words(config.coverage), config.policy.verify_timeout_s)
    try:
        executed = workshop.coverage(ran.coverage) if ran.coverage else ()
    except ValueError:
        return found
    inside = covering.placed(executed, repo.folder(commit, ""))
    symbols = {
        path: workshop.symbols(path, repo.read(commit, path) or b"") or ()
        for path in {one.path for one in inside}
    }
    return evolve(found, executes=executes(found, inside, symbols))


def executes(
    found: Trace, executed: Sequence[Executed], symbols: Mapping[str, Sequence[Symbol]]
) -> tuple[tuple[str, Mark], ...]:
    """Return the links of the criteria of `found` to what their tests run, and rest on.

    `executed` is what ran of the files of `symbols`. What a criterion is bound to already is left
    out.
    """
    ran = covering.executes(found.tests, executed, symbols)
    shared = tuple(covering.beside({path for _, path, _ in ran}, executed, symbols))
    tested = dict.fromkeys(name for name, _ in found.tests)
    rows = (*ran, *((name, path, symbol) for path, symbol in shared for name in tested))
    bound = {(name, one.place) for name, one in found.symbols}
    links = ((name, evolve(mark(path, symbol), sketch=())) for name, path, symbol in rows)
    return tuple(dict.fromkeys(one for one in links if (one[0], one[1].place) not in bound))
