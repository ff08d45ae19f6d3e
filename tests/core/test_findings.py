"""What rests on one thing that moved is one finding, with all that it puts in doubt."""

from accord.app.drifting import Drift
from accord.core.drift import Cause, Standing, Verdict
from accord.core.findings import gathered
from accord.report.drift import sarif


def cause(thing: str) -> Cause:
    return Cause(f"{thing} moved", f"{thing}.py", 1, thing=thing)


def verdict(
    criterion: str, *things: str, standing: Standing = Standing.STALE, change: str = "guest"
) -> Verdict:
    causes = tuple(cause(one) if one else Cause("its words changed", "x.md", 1) for one in things)
    return Verdict(change, criterion, standing, "specs/guest/requirements.md", causes)


def test_what_shares_a_thing_that_moved_is_one_and_keeps_its_order() -> None:
    rows = [
        verdict("R1.1", "a", standing=Standing.BROKEN),
        verdict("R1.2", "b"),
        verdict("R1.3", "c", "a"),
        verdict("R1.4", "c"),
        verdict("R1.5", "d"),
    ]
    found = gathered(rows)
    assert [one.criteria for one in found] == [("R1.1", "R1.3", "R1.4"), ("R1.2",), ("R1.5",)]
    assert [one.standing for one in found] == [Standing.BROKEN, Standing.STALE, Standing.STALE]
    assert found[0].told == "R1.1 is broken; R1.3, R1.4 are stale"
    assert found[1].told == "R1.2 is stale"


def test_two_findings_become_one_where_something_later_rests_on_both() -> None:
    rows = [
        verdict("R1.1", "a"),
        verdict("R1.2", "b"),
        verdict("R1.3", "c"),
        verdict("R1.4", "b", "a"),
    ]
    assert [one.criteria for one in gathered(rows)] == [("R1.1", "R1.2", "R1.4"), ("R1.3",)]


def test_other_changes_and_other_reasons_stay_apart() -> None:
    rows = [
        verdict("R1.1", "a"), verdict("R1.1", "a", change="other"),
        verdict("R1.2", ""), verdict("R1.3", ""),
    ]  # fmt: skip
    assert [(one.change, one.named) for one in gathered(rows)] == [
        ("guest", "R1.1"), ("other", "R1.1"), ("guest", "R1.2"), ("guest", "R1.3"),
    ]  # fmt: skip


def test_a_cause_is_told_once_and_says_whom_it_is_for_unless_it_is_for_all() -> None:
    (found,) = gathered(
        [verdict("R1.1", "b", "a"), verdict("R1.2", "a"), verdict("R1.3", "a", "c")]
    )
    assert [(one.thing, ids) for one, ids in found.causes] == [
        ("a", ()), ("b", ("R1.1",)), ("c", ("R1.3",)),
    ]  # fmt: skip


def test_a_finding_is_another_when_any_of_its_criteria_is() -> None:
    one, two = verdict("R1.1", "a"), verdict("R1.2", "a")
    (alone,), (both,) = gathered([one]), gathered([one, two])
    assert alone.state == one.state
    assert both.state != alone.state
    assert both.only({"R1.1"}) == alone
    (turned,) = gathered([two, one])
    assert turned.state == both.state


def test_ten_thousand_findings_are_gathered_in_no_more_than_their_number() -> None:
    rows = [verdict(f"R{number}", f"t{number}", f"t{number + 1}") for number in range(10_000)]
    (found,) = gathered(rows)
    assert len(found.criteria) == 10_000
    assert len(gathered(verdict(f"R{one}", f"t{one}") for one in range(10_000))) == 10_000


def test_a_finding_about_many_criteria_names_the_first_of_them() -> None:
    (one,) = gathered(verdict(f"R1.{number}", "a") for number in range(1, 41))
    assert one.named.endswith("R1.11, R1.12, 28 more")
    assert one.told.endswith("R1.12, 28 more are stale")
    assert len(one.criteria) == 40


def test_one_finding_is_one_result_however_much_moved() -> None:
    (one,) = gathered([verdict("R1.1", *map(str, range(500)))])
    log = sarif(Drift("0" * 40, one.verdicts, {}, 1), "1", 1)
    (result,) = log["runs"][0]["results"]
    assert len(result["relatedLocations"]) == 5
    assert result["message"]["text"].endswith("and 494 more that moved")
