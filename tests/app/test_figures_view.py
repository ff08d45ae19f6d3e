from accord.app.figures_view import WEEKS, figures_view
from accord.app.views import View
from accord.core.ports import Operation

NOW = "2026-06-03T12:00:00Z"


def at(
    minute: int, verb: str, detail: str = "", change: str = "cart", day: str = "2026-06-01"
) -> Operation:
    return Operation("robin", verb, change, detail, {}, f"{day}T10:{minute:02}:00Z", minute)


def week(view: View, monday: str) -> View:
    found: View = next(one for one in view["weeks"] if one["week"] == monday)
    return found


def test_a_decision_takes_from_what_was_done_last_to_the_approval() -> None:
    done = [at(0, "new"), at(5, "edit"), at(9, "approve", "story"), at(30, "edit"),
            at(32, "approve", "story: again"), at(40, "reject", "story: no")]  # fmt: skip
    view = figures_view(done[::-1], [], NOW)
    assert [(one["minutes"], one["again"]) for one in view["decisions"]] == [
        (4.0, False), (2.0, True),
    ]  # fmt: skip
    assert [one["share"] for one in view["decisions"]] == [1.0, 0.5]
    assert (view["decided"], view["repeated"], view["returned"]) == (2, 1, 1)


def test_other_changes_and_tracks_do_not_count() -> None:
    done = [at(0, "new"), at(1, "new", change="tax"), at(3, "approve", "track: small"),
            at(8, "approve", "story")]  # fmt: skip
    view = figures_view(done[::-1], [], NOW)
    assert [one["minutes"] for one in view["decisions"]] == [5.0]


def test_a_log_without_decisions_has_no_figures() -> None:
    view = figures_view([], [], NOW)
    assert (view["decisions"], view["decided"], view["median"]) == ([], 0, 0.0)
    assert len(view["weeks"]) == WEEKS
    assert all(one["most"] == 0 for one in view["plots"])


def test_each_week_counts_what_was_done_in_it() -> None:
    done = [at(0, "new", day="2026-05-27"), at(8, "approve", "story", day="2026-05-27"),
            at(9, "edit", day="2026-05-31"), at(19, "approve", "story", day="2026-05-31"),
            at(0, "release"), at(1, "verdict", "R1.1: code-wrong"),
            at(2, "verdict", "R1.2: still-true"), at(3, "reject", "story: no")]  # fmt: skip
    captured = [("2026-05-26T09:00:00Z", 3, 1), ("2020-01-01T09:00:00Z", 9, 9)]
    view = figures_view(done[::-1], captured, NOW)
    last, this = week(view, "2026-05-25"), week(view, "2026-06-01")
    assert (last["decided"], last["edited"], last["median"]) == (2, 1, 10.0)
    assert (last["corrections"], last["repeats"]) == (3, 1)
    assert (this["released"], this["escaped"], this["returned"]) == (1, 1, 1)
    plots = {one["id"]: one["points"][-1] for one in view["plots"]}
    assert (plots["escaped"]["value"], plots["escaped"]["over"]) == (1, 1)
    assert plots["escaped"]["share"] == 1.0
