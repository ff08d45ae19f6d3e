from accord.app.figures_view import figures_view
from accord.core.ports import Operation


def at(minute: int, verb: str, detail: str = "", change: str = "cart") -> Operation:
    return Operation("robin", verb, change, detail, {}, f"2026-06-01T10:{minute:02}:00Z", minute)


def test_a_decision_takes_from_what_was_done_last_to_the_approval() -> None:
    done = [at(0, "new"), at(5, "edit"), at(9, "approve", "story"), at(30, "edit"),
            at(32, "approve", "story: again"), at(40, "reject", "story: no")]  # fmt: skip
    view = figures_view(done[::-1])
    assert [(one["minutes"], one["again"]) for one in view["decisions"]] == [
        (4.0, False), (2.0, True),
    ]  # fmt: skip
    assert [one["share"] for one in view["decisions"]] == [1.0, 0.5]
    assert (view["decided"], view["repeated"], view["returned"]) == (2, 1, 1)


def test_other_changes_and_tracks_do_not_count() -> None:
    done = [at(0, "new"), at(1, "new", change="tax"), at(3, "approve", "track: small"),
            at(8, "approve", "story")]  # fmt: skip
    view = figures_view(done[::-1])
    assert [one["minutes"] for one in view["decisions"]] == [5.0]


def test_a_log_without_decisions_has_no_figures() -> None:
    view = figures_view([])
    assert (view["decisions"], view["decided"], view["median"]) == ([], 0, 0.0)
