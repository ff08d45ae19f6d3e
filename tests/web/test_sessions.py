import pytest

from accord.web.sessions import CODE_SECONDS, GUESSES, Sessions, form_token, is_form_token


class Ticks:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def sessions(ticks: Ticks) -> Sessions:
    return Sessions(ticks)


def test_a_code_works_once(sessions: Sessions) -> None:
    code = sessions.offer()
    token = sessions.enter(code)
    assert sessions.knows(token)
    assert sessions.enter(code) == ""


def test_a_code_may_be_typed_in_capitals_and_with_hyphens(sessions: Sessions) -> None:
    code = sessions.offer()
    assert sessions.enter(f" {code[:4]}-{code[4:]} ".upper())


def test_a_code_works_not_for_long(sessions: Sessions, ticks: Ticks) -> None:
    code = sessions.offer()
    ticks.at = CODE_SECONDS + 1
    assert sessions.enter(code) == ""


def test_a_new_code_ends_the_one_before(sessions: Sessions) -> None:
    first = sessions.offer()
    second = sessions.offer()
    assert sessions.enter(first) == ""
    assert sessions.enter(second)


def test_guessing_ends_the_code(sessions: Sessions) -> None:
    code = sessions.offer()
    for number in range(GUESSES):
        assert sessions.enter(f"wrong{number}") == ""
    assert sessions.enter(code) == ""


def test_nothing_and_the_text_of_another_token_are_no_session(sessions: Sessions) -> None:
    token = sessions.enter(sessions.offer())
    assert not sessions.knows("")
    assert not sessions.knows(token[:-1])
    sessions.leave(token)
    assert not sessions.knows(token)


def test_a_form_token_belongs_to_one_session(sessions: Sessions) -> None:
    one, other = sessions.enter(sessions.offer()), sessions.enter(sessions.offer())
    assert is_form_token(one, form_token(one))
    assert not is_form_token(one, form_token(other))


def test_what_is_said_to_a_session_is_heard_once(sessions: Sessions) -> None:
    token = sessions.enter(sessions.offer())
    sessions.say(token, "done")
    assert sessions.hear(token, "/log", news=True) == ""
    assert sessions.hear(token, "/board") == "done"
    assert sessions.hear(token, "/board", news=True) == "done"
    assert sessions.hear(token, "/log", news=True) == ""
    assert sessions.hear(token, "/board") == ""
    assert sessions.hear(token, "/board", news=True) == ""
