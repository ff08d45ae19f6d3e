"""The runs of agents: what each was about, how it ended, and what it said and did."""

from collections.abc import Iterator

from accord.app import agency
from accord.app.views import View
from accord.app.workshop import Workshop
from accord.core.orders import AgentReport, EventKind
from accord.core.recording import joined
from accord.core.spending import Spent
from accord.errors import ConfigurationError

SHOWN = 400


def runs(workshop: Workshop, change: str) -> list[View]:
    """Return the runs about `change`, each with its state, the latest attempt first.

    `spent` says in words what the ledger has of each, else what its agent says that it took.
    """
    found: list[View] = []
    for kind in ("draft", "build", "review"):
        for key in workshop.journal.noted(f"base/{kind}/{change}/"):
            found += _rounds(workshop, key.removeprefix("base/"))
    return sorted(found, key=lambda one: (one["subject"], one["attempt"], one["round"]))[::-1]


def run_view(workshop: Workshop, run_id: str) -> View:
    """Return one run with the last of what it said and did.

    Raises ConfigurationError for a run that was never begun here.
    """
    action = run_id.rpartition("/")[0]
    if f"base/{action}" not in workshop.journal.noted(f"base/{action}"):
        raise ConfigurationError("there is no such run")
    found = next((one for one in _rounds(workshop, action) if one["run"] == run_id), None)
    if found is None:
        raise ConfigurationError("there is no such run")
    events = joined(workshop.agents.transcript(run_id))
    return {
        **found,
        "earlier": max(0, len(events) - SHOWN),
        "events": [
            {"kind": str(one.kind), "text": one.text, "path": one.path}
            for one in events[-SHOWN:]
            if one.kind is not EventKind.USAGE
        ],
    }


def _rounds(workshop: Workshop, action: str) -> Iterator[View]:
    parts = action.split("/")
    if len(parts) != 5:
        return
    _, change, subject, _, attempt = parts
    for number in range(1, agency.rounds(workshop, action) + 1):
        run_id = f"{action}/{number}"
        report, order = workshop.agents.report(run_id), workshop.agents.order(run_id)
        alive = report is None and workshop.agents.is_running(run_id)
        if report is None and not alive:
            return
        yield {
            "run": run_id,
            "change": change,
            "subject": subject,
            "attempt": int(attempt),
            "round": number,
            "alive": alive,
            "state": "running" if report is None else str(report.status),
            "detail": report.detail if report else "",
            "agent": order.agent.name if order else "?",
            **_spent(workshop, run_id, report),
        }


def _spent(workshop: Workshop, run_id: str, report: AgentReport | None) -> View:
    scope = f"run:{run_id}"
    entered = workshop.purse.below(scope).get(scope)
    told = report.input_tokens + report.output_tokens if report else 0
    spent = entered or Spent(tokens=told)
    words = "" if spent == Spent() else str(spent) if entered else f"{spent}, as it says"
    return {"tokens": spent.tokens, "micros": spent.micros, "spent": words}
