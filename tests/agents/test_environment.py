import pytest

from accord.agents.environment import clean

# What an agent has no use for, and what it could be turned with or could give away.
KEPT_OUT = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GITHUB_TOKEN",
    "DB_PASSWORD",
    "CLIENT_SECRET",
    "LC_SESSION_TOKEN",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "GIT_DIR",
    "GIT_SSH_COMMAND",
    "GIT_CONFIG_COUNT",
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "NODE_OPTIONS",
    "BASH_ENV",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "DOCKER_HOST",
    "ACCORD_HOST",
    "ACCORD_DATABASE_URL",
    "EDITOR",
)


@pytest.mark.parametrize("name", KEPT_OUT)
def test_an_agent_is_not_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/value")
    assert name not in clean({})
    assert clean({name: "given on purpose"})[name] == "given on purpose"


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"])
def test_an_agent_is_given(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/value")
    assert clean({})[name] == "/value"


def test_the_terminal_is_dumb_whatever_the_person_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert clean({})["TERM"] == "dumb"


def test_programs_are_never_looked_for_in_the_folder_of_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", ":/usr/bin:.:bin:../bin:/bin:")
    assert clean({})["PATH"] == "/usr/bin:/bin"


def test_what_is_added_wins_over_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/person")
    assert clean({"HOME": "/run/home"})["HOME"] == "/run/home"
