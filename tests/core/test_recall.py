"""Which decisions a writer is shown: all that fit, else the nearest; the same bytes each time."""

from attrs import evolve

from accord.core import recall
from accord.core.decision_record import Rule
from accord.core.model import Stage
from accord.core.recall import Why
from rules import rule

TOPICS = (
    "payment card declined refund", "mail template receipt subject", "cart cookie guest session",
    "database migration column index", "queue worker retry backoff", "log line redact secret",
    "button colour contrast keyboard", "currency rounding cents decimal", "image upload resize",
    "search index synonym ranking",
)  # fmt: skip


def many(count: int = 200) -> list[Rule]:
    """Return rules of forty words each: together far beyond the budget."""
    made = []
    for number in range(count):
        words = TOPICS[number % len(TOPICS)]
        said = f"Rule {number} for {words} " + f"filler{number} " * 20
        made.append(rule(f"r{number}", said.strip()))
    return made


def test_while_they_fit_all_are_shown_whatever_is_asked() -> None:
    rules = [rule("a", "Use PostgreSQL."), rule("b", "Mail is plain text.")]
    found = recall.recall(rules, "the weather", Stage.DESIGN)
    assert [(one.rule.slug, one.why) for one in found.shown] == [("a", Why.FITS), ("b", Why.FITS)]
    assert found.left == 0


def test_beyond_the_budget_the_nearest_are_shown_within_it() -> None:
    found = recall.recall(many(), "the refund of a declined payment card", Stage.DESIGN)
    assert found.tokens <= recall.BUDGET
    assert len(found.shown) <= recall.MOST
    assert {int(one.rule.slug[1:]) % 10 for one in found.shown} == {0}
    assert found.left == 200 - len(found.shown)


def test_where_nothing_is_near_only_the_pinned_are_shown() -> None:
    rules = [*many(), rule("always", "Say please.", "always: true")]
    found = recall.recall(rules, "zebra xylophone", Stage.DESIGN)
    assert [(one.rule.slug, one.why) for one in found.shown] == [("always", Why.PINNED)]
    everywhere = recall.recall(rules, "rule", Stage.DESIGN)
    assert [one.rule.slug for one in everywhere.shown] == ["always"]


def test_a_path_adds_and_never_takes_away() -> None:
    scoped = rule("scoped", "Nothing in common " + "filler " * 30, "paths: [shop/mail/**]")
    rules = [*many(), scoped]
    query = "the refund of a declined payment card"
    without = {one.rule.slug for one in recall.recall(rules, query, Stage.DESIGN).shown}
    found = recall.recall(rules, query, Stage.DESIGN, paths=["shop/mail/send.py"])
    assert {one.rule.slug for one in found.shown} >= without - {min(without)}
    assert [one.rule.slug for one in found.shown if one.why is Why.PATH] == ["scoped"]
    assert "scoped" not in without


def test_a_rule_of_another_stage_is_not_shown() -> None:
    rules = [rule("a", "Use it.", "stages: [design]"), rule("b", "Use it well.")]
    found = recall.recall(rules, "use", Stage.STORY)
    assert [one.rule.slug for one in found.shown] == ["b"]


def test_the_same_texts_give_the_same_order_however_they_come() -> None:
    rules = many()
    one = recall.recall(rules, "currency of a refund", Stage.DESIGN)
    other = recall.recall(reversed(rules), "currency of a refund", Stage.DESIGN)
    assert one == other


def test_a_word_that_the_query_repeats_weighs_more() -> None:
    rules = [rule("mail", "Mail is plain."), rule("cart", "The cart is kept.")]
    texts = [recall._weights(one) for one in rules]
    even = recall.scores("mail cart", texts)
    more = recall.scores("mail cart cart cart", texts)
    assert more[1] > even[1]
    assert more[0] == even[0]


def test_identifiers_are_found_by_their_parts_and_common_words_are_not_words() -> None:
    found = recall.words("the OrderCache of key_table and HTTPServer2")
    wanted = "ordercache order cache key_table key table httpserver2 http server"
    assert found == wanted.split()


def test_the_written_draft_brings_up_what_the_request_did_not() -> None:
    rules = many()
    first = recall.recall(rules, "the refund of a declined payment card", Stage.DESIGN)
    shown = [one.rule.slug for one in first.shown]
    draft = "Each worker takes a job from the queue and has a retry with backoff. " * 3
    found = recall.late(rules, draft, Stage.DESIGN, shown)
    assert found
    assert {int(one.rule.slug[1:]) % 10 for one in found} == {4}
    assert all(one.why is Why.LATE for one in found)
    everything = [one.slug for one in rules]
    assert recall.late(rules, draft, Stage.DESIGN, everything) == ()


def test_triggers_and_labels_are_searched_too() -> None:
    rules = [*many(), evolve(rule("t", "Keep it " + "filler " * 20), triggers=("zebra", "okapi"))]
    found = recall.recall(rules, "a zebra crossing", Stage.DESIGN)
    assert [one.rule.slug for one in found.shown] == ["t"]


def test_ten_thousand_rules_are_ranked_within_the_budget() -> None:
    rules = [evolve(one, slug=f"{one.slug}-{n}", id=f"D-{one.slug}-{n}")
             for n in range(50) for one in many()]  # fmt: skip
    found = recall.recall(rules, "the refund of a declined payment card", Stage.DESIGN)
    assert len(rules) == 10_000
    assert found.tokens <= recall.BUDGET
    assert len(found.shown) + found.left == 10_000
