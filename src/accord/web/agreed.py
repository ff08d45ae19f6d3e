"""What was agreed and holds: decisions, the living spec, drift, figures over time."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from accord.app import capturing, flakes
from accord.app.changes import load
from accord.app.decisions_view import corrections_view, decision_view, decisions_view
from accord.app.drift_view import check, drift_view
from accord.app.figures_view import figures_view
from accord.app.living_view import living_view
from accord.app.workshop import Workshop
from accord.core.findings import gathered
from accord.web.pages import FIGURED, offered, page


@page
def decisions(request: Request, workshop: Workshop) -> Response:
    """Answer `/decisions`: what binds, what is proposed, what is to be looked at again."""
    undo = offered(request, workshop)
    return _render(request, "decisions.html", **decisions_view(workshop), undo=undo)


@page
def decision(request: Request, workshop: Workshop) -> Response:
    """Answer `/decisions/NAME`: one rule with where it comes from, its uses and its history."""
    change = request.query_params.get("change", "")
    view = decision_view(workshop, change, request.path_params["decision"])
    return _render(request, "decision.html", **view)


@page
def corrections(request: Request, workshop: Workshop) -> Response:
    """Answer `/changes/NAME/corrections`: what was corrected, and whether it is a rule."""
    change = load(workshop, request.path_params["change"])
    view = corrections_view(workshop, change.name)
    return _render(request, "corrections.html", title=change.title, **view)


@page
def specs(request: Request, workshop: Workshop) -> Response:
    """Answer `/specs`: what is promised today, and which tests prove it."""
    found = check(workshop)
    view = living_view(workshop)
    return _render(request, "specs.html", drifted=len(gathered(found.findings)), **view)


@page
def drift(request: Request, workshop: Workshop) -> Response:
    """Answer `/drift`: where code and words came apart, each to be judged with one key."""
    undo = offered(request, workshop)
    return _render(request, "drift.html", **drift_view(workshop), undo=undo)


@page
def figures(request: Request, workshop: Workshop) -> Response:
    """Answer `/figures`: how long decisions take, what is redone, what repeats, what escapes."""
    operations = workshop.journal.operations(limit=FIGURED)
    logs = capturing.logs(workshop)
    view = figures_view(operations, capturing.counted(logs), workshop.clock.now())
    return _render(request, "figures.html", stats=capturing.stats(workshop, logs),
                   flakes=flakes.flakes(workshop), **view)  # fmt: skip


def _render(request: Request, template: str, **values: Any) -> Response:
    answer: Response = request.app.state.render(request, template, 200, **values)
    return answer
