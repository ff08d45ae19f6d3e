import pytest
from attrs import evolve

from accord.core.model import STAGES, Stage, Track
from accord.core.policy import GATES, Policy, Size, outgrown, propose, risky

POLICY = Policy()


@pytest.mark.parametrize(
    ("sentence", "track", "reason"),
    [
        ("Fix a typo in the readme", Track.TRIVIAL,
         "'typo' names no behaviour, no risky path or word"),
        ("Reformat the README", Track.TRIVIAL,
         "'Reformat' names no behaviour, no risky path or word"),
        ("Fix the crash when the cart is empty", Track.SMALL,
         "'Fix' names one behaviour, no risky path or word"),
        ("Raise the timeout to 60 s", Track.SMALL,
         "'timeout' names one behaviour, no risky path or word"),
        ("Let guests check out", Track.FULL, "nothing says that it is small"),
        ("", Track.FULL, "nothing says that it is small"),
        ("Fix a typo in the login page", Track.FULL, "'login' names a risk"),
        ("Fix the log-in label", Track.FULL, "'log-in' names a risk"),
        ("DELETE old orders", Track.FULL, "'DELETE' names a risk"),
        ("Migrate to the new tables", Track.FULL, "'Migrate' names a risk"),
        ("Show personal data", Track.FULL, "'personal data' names a risk"),
        ("Fix the payload size", Track.SMALL, "'Fix' names one behaviour, no risky path or word"),
    ],
)  # fmt: skip
def test_a_sentence_proposes_a_track_with_its_reason(
    sentence: str, track: Track, reason: str
) -> None:
    said = propose(sentence, POLICY)
    assert (said.track, said.reason) == (track, reason)


@pytest.mark.parametrize(
    ("size", "track", "reason"),
    [
        (Size(3, 30), Track.TRIVIAL, "about 3 files and 30 lines, no risky path or word"),
        (Size(1, 1), Track.TRIVIAL, "about 1 file and 1 line, no risky path or word"),
        (Size(3, 31), Track.SMALL, "about 3 files and 31 lines, no risky path or word"),
        (Size(4, 30), Track.SMALL, "about 4 files and 30 lines, no risky path or word"),
        (Size(10, 300), Track.SMALL, "about 10 files and 300 lines, no risky path or word"),
        (Size(11, 1), Track.FULL, "about 11 files and 1 line is more than a small change"),
        (Size(1, 301), Track.FULL, "about 1 file and 301 lines is more than a small change"),
    ],
)
def test_an_estimate_counts_more_than_the_words(size: Size, track: Track, reason: str) -> None:
    for sentence in ("Fix a typo", "Let guests check out"):
        said = propose(sentence, POLICY, estimate=size)
        assert (said.track, said.reason) == (track, reason)


def test_a_word_of_risk_counts_more_than_an_estimate() -> None:
    assert propose("Rename the password field", POLICY, estimate=Size(1, 1)).track is Track.FULL


def test_a_risky_path_counts_most() -> None:
    said = propose("Fix a typo", POLICY, estimate=Size(1, 1), paths=["docs/a.md", "app/auth/x.py"])
    assert said.track is Track.FULL
    assert said.reason == "it touches app/auth/x.py, which **/auth/** marks as risky"
    assert propose("Fix a typo", POLICY, paths=["docs/**"]).track is Track.TRIVIAL


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("app/auth/session.py", "**/auth/**"),
        ("auth/session.py", "**/auth/**"),
        ("auth/**", "**/auth/**"),
        ("shop/oauth.py", "**/*auth*"),
        ("shop/payments/card.py", "**/payment*/**"),
        ("db/migrations/001.sql", "**/migrations/**"),
        ("db/migrations", "**/migrations/**"),
        ("db/migrations/", "**/migrations/**"),
        ("db/Migrations", "**/migrations/**"),
        ("App/Auth/Session.py", "**/auth/**"),
        ("shop/cart.py", ""),
        ("**", ""),
    ],
)
def test_a_path_is_risky_by_the_pattern_that_marks_it(path: str, pattern: str) -> None:
    assert risky(path, POLICY) == pattern


def test_the_team_names_its_own_risky_paths() -> None:
    policy = Policy(risk_paths=("/infra/",))
    assert risky("infra/main.tf", policy) == "/infra/"
    assert risky("app/auth/x.py", policy) == ""
    assert propose("Fix a typo", Policy(risk_paths=()), paths=["auth/x"]).track is Track.TRIVIAL


def test_a_change_that_fits_its_track_has_not_outgrown_it() -> None:
    assert outgrown(Track.TRIVIAL, Size(3, 30), ["a.py"], POLICY) is None
    assert outgrown(Track.SMALL, Size(10, 300), ["a.py"], POLICY) is None
    assert outgrown(Track.FULL, Size(999, 99999), ["auth/x.py"], POLICY) is None


def test_a_change_that_outgrew_its_track_says_by_how_much() -> None:
    found = outgrown(Track.TRIVIAL, Size(4, 1), ["a.py"], POLICY)
    assert str(found) == "this became larger than its track: 4 files, 1 line"
    assert outgrown(Track.TRIVIAL, Size(1, 31), ["a.py"], POLICY) is not None
    assert outgrown(Track.SMALL, Size(1, 301), ["a.py"], POLICY) is not None


def test_a_small_change_of_a_risky_path_has_outgrown_its_track() -> None:
    found = outgrown(Track.SMALL, Size(2, 2), ["a.py", "auth/x.py"], POLICY)
    assert found is not None
    assert found.risky == ("auth/x.py",)
    assert str(found) == ("this became larger than its track: 2 files, 2 lines, touches auth/x.py")


def test_each_track_has_fewer_gates_than_the_next() -> None:
    assert GATES[Track.TRIVIAL] == (Stage.REVIEW,)
    assert GATES[Track.SMALL] == (Stage.STORY, Stage.REVIEW)
    assert GATES[Track.FULL] == STAGES


@pytest.mark.parametrize(
    "other",
    [
        evolve(POLICY, risk_paths=("**/auth/**",)),
        evolve(POLICY, verify="pytest -q"),
        evolve(POLICY, verify_timeout_s=901),
        evolve(POLICY, limits={Track.TRIVIAL: Size(3, 31), Track.SMALL: Size(10, 300)}),
        evolve(POLICY, risk_paths=(*POLICY.risk_paths[:-1],), verify=POLICY.risk_paths[-1]),
        evolve(POLICY, risk_paths=("\n".join(POLICY.risk_paths),)),
    ],
)
def test_the_digest_changes_with_everything_that_an_approval_depends_on(other: Policy) -> None:
    assert other.digest() != POLICY.digest()


def test_the_digest_stays_for_the_base_and_for_the_order_of_the_limits() -> None:
    turned = dict(reversed(list(POLICY.limits.items())))
    assert evolve(POLICY, base="trunk", limits=turned).digest() == Policy().digest()
