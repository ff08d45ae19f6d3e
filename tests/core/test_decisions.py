"""Which decisions are in force, by their texts and the signed records; what is wrong among them."""

from attrs import evolve

from accord.core import decision_record
from accord.core.approval import GateRule, Log, Signed, Unsound
from accord.core.decision_record import Rule
from accord.core.decisions import Act, Register, State, register
from rules import TRUST, activated, in_force, rule, signed

ONE = rule("use-postgres", "All state lives in PostgreSQL.")
TWO = rule("use-sqlite", "State lives in SQLite.", "supersedes: [D-use-postgres]")


def registered(log: Log, *rules: decision_record.Rule) -> Register:
    files = {one.slug: [decision_record.write(one)] for one in rules}
    return register(files, log, TRUST)


def digest(one: decision_record.Rule) -> str:
    read, _ = decision_record.read(one.slug, decision_record.write(one))
    assert read is not None
    return read.digest


def states(found: Register) -> dict[str, str]:
    return {slug: str(entry.state) for slug, entry in found.entries.items()}


def rules_of(found: Register) -> set[str]:
    return {one.rule for one in found.problems}


def test_a_file_that_says_active_is_a_proposal_until_somebody_signs_it() -> None:
    found = registered(Log(), evolve(ONE, status="active"))
    assert states(found) == {"use-postgres": "proposed"}
    assert found.in_force == ()
    assert [one.rule for one in found.problems] == ["decision-status"]
    log = Log((signed(Act.ACTIVATE, {"use-postgres": digest(ONE)}),))
    assert states(registered(log, ONE)) == {"use-postgres": "active"}


def test_an_edit_after_the_signature_takes_a_decision_out_of_force() -> None:
    log = Log((signed(Act.ACTIVATE, {"use-postgres": digest(ONE)}),))
    found = registered(log, evolve(ONE, statement="All state lives in MySQL."))
    assert states(found) == {"use-postgres": "edited"}
    assert found.in_force == ()
    assert rules_of(found) == {"decision-edited"}


def test_where_two_branches_hold_two_texts_the_signed_one_counts() -> None:
    log = Log((signed(Act.ACTIVATE, {"use-postgres": digest(ONE)}),))
    other = decision_record.write(evolve(ONE, statement="All state lives in MySQL."))
    found = register({"use-postgres": [other, decision_record.write(ONE)]}, log, TRUST)
    assert [one.statement for one in found.in_force] == [ONE.statement]


def test_what_one_branch_says_of_its_text_says_nothing_of_another_branches_text() -> None:
    ours, theirs = rule("use", "Use one."), rule("use", "Use two.")
    first = signed(Act.ACTIVATE, {"use": digest(ours)})
    second = signed(Act.ACTIVATE, {"use": digest(theirs)}, number=2)
    ended = after(signed(Act.EXPIRE, {"use": digest(theirs)}, number=3), second)

    def state(text: Rule, *records: Signed) -> State:
        files = {"use": [decision_record.write(text)]}
        return register(files, Log(records), TRUST).entries["use"].state

    assert state(ours, first, second, ended) is State.ACTIVE
    assert state(theirs, first, second, ended) is State.EXPIRED
    # Who signs what replaces a text has seen it: that text does not come back.
    replaced = after(second, first)
    assert state(ours, first, replaced) is State.EDITED
    assert state(ours, first, replaced, after(ended, replaced)) is State.EXPIRED


def after(one: Signed, before: Signed) -> Signed:
    """Return a record as one that was signed after another."""
    return evolve(one, approval=evolve(one.approval, previous=before.digest))


def test_as_many_people_have_to_sign_the_same_as_the_trust_file_asks_for() -> None:
    trust = evolve(TRUST, gates={"decision": GateRule(threshold=2)})
    files = {"use-postgres": [decision_record.write(ONE)]}
    items = {"use-postgres": digest(ONE)}
    alone = signed(Act.ACTIVATE, items)
    again = signed(Act.ACTIVATE, items, number=2)
    both = signed(Act.ACTIVATE, items, by="sam", number=3)
    late = signed(Act.EXPIRE, items, by="sam", number=4)
    assert register(files, Log((alone, again)), trust).in_force == ()
    found = register(files, Log((alone, both)), trust)
    assert found.entries["use-postgres"].people == ("robin", "sam")
    assert register(files, Log((alone, both, late)), trust).in_force != ()


def test_a_supersession_is_one_record_for_both_ends() -> None:
    items = {"use-postgres": digest(ONE), "use-sqlite": digest(TWO)}
    log = Log((*activated([ONE]).signed, signed(Act.SUPERSEDE, items, new="use-sqlite", number=2)))
    found = registered(log, evolve(ONE, status="superseded", superseded_by="D-use-sqlite"), TWO)
    assert states(found) == {"use-postgres": "superseded", "use-sqlite": "active"}
    assert found.entries["use-postgres"].successor == "use-sqlite"
    assert found.problems == ()


def test_a_supersession_that_was_written_by_hand_on_one_end_is_told() -> None:
    found = in_force(ONE, TWO)
    assert states(found) == {"use-postgres": "active", "use-sqlite": "active"}
    assert [one.message for one in found.problems] == [
        "D-use-sqlite supersedes D-use-postgres, which is in force"
    ]


def test_an_expired_or_rejected_decision_stays_and_does_not_bind() -> None:
    for act, state in ((Act.EXPIRE, State.EXPIRED), (Act.REJECT, State.REJECTED)):
        log = Log((*activated([ONE]).signed, signed(act, {"use-postgres": digest(ONE)}, number=2)))
        found = registered(log, evolve(ONE, status=str(state)))
        assert states(found) == {"use-postgres": str(state)}
        assert found.in_force == ()


def test_records_that_do_not_verify_and_history_that_was_changed_are_problems() -> None:
    found = register({}, Log((), (Unsound("x", "x is not signed."),)), TRUST, altered=["y is gone"])
    assert [one.message for one in found.problems] == ["x is not signed.", "y is gone"]


def test_links_that_lead_nowhere_and_cycles_are_told_once() -> None:
    a = rule("a", "Say a.", "supersedes: [D-b]")
    b = rule("b", "Say b.", "supersedes: [D-c]")
    c = rule("c", "Say c.", "supersedes: [D-a]", "narrows: [D-99]")
    found = registered(Log(), *(evolve(one, status="proposed") for one in (a, b, c)))
    assert sorted(one.message for one in found.problems) == [
        "D-a supersedes D-b supersedes D-c supersedes D-a",
        "D-c narrows D-99, which does not exist",
    ]


def test_a_chain_of_ten_thousand_supersessions_is_walked_without_end_or_overflow() -> None:
    many = {
        f"r{number}": [
            f"---\nstatement: Say r{number}.\nsupersedes: [D-r{number + 1}]\n---\n".encode()
        ]
        for number in range(10_000)
    }
    many["r10000"] = [b"---\nstatement: Say the last.\nsupersedes: [D-r0]\n---\n"]
    found = register(many, Log(), TRUST)
    assert [one.rule for one in found.problems] == ["decision-cycle"]


def test_ids_and_statements_that_stand_twice_are_told() -> None:
    one = evolve(rule("a", "Say it."), id="D-7")
    two = evolve(rule("b", "say  it"), id="D-7")
    assert sorted(problem.message for problem in in_force(one, two).problems) == [
        "D-7 is also the id of .accord/decisions/a.md",
        "D-7 says the same as D-7",
    ]


def test_a_proposal_cannot_take_the_id_of_a_rule_in_force() -> None:
    thief = evolve(rule("aaa", "Anything goes."), id="D-7", status="proposed")
    real = evolve(ONE, id="D-7")
    found = registered(activated([real]), thief, real)
    assert found.by_name["D-7"].rule.slug == "use-postgres"
    (told,) = [one for one in found.problems if one.rule == "decision-duplicate"]
    assert told.path == ".accord/decisions/aaa.md"
    high = evolve(thief, id="D-999999")
    assert registered(activated([real]), high, real).next_number == 8


def test_a_rule_with_a_fault_is_never_in_force() -> None:
    text = b"---\nstatement: Say it.\ncolour: red\nstatus: active\n---\n"
    read, _ = decision_record.read("a", text)
    assert read is not None
    log = Log((signed(Act.ACTIVATE, {"a": read.digest}),))
    found = register({"a": [text]}, log, TRUST)
    assert found.in_force == ()
    assert "decision-unreadable" in rules_of(found)


def test_an_old_id_resolves_and_numbers_go_on() -> None:
    one = evolve(rule("a", "Say it.", "aliases: [D-a-long-time-ago, D-3]"), id="D-12")
    found = in_force(one)
    for name in ("D-12", "12", "D-a", "a", "D-3", "D-a-long-time-ago"):
        entry = found.find(name)
        assert entry is not None
        assert entry.rule.slug == "a"
    assert found.find("D-1") is None
    assert found.next_number == 13


def test_more_than_ten_pinned_decisions_are_too_many() -> None:
    many = [rule(f"r{n}", f"Say {n} things.", "always: true") for n in range(12)]
    assert [one.rule for one in in_force(*many).problems] == ["decision-pinned"] * 2
