import pytest

from accord.core import version


@pytest.mark.parametrize(
    ("now", "until", "is_reached"),
    [
        ("1.9", "2.0", False),
        ("2.0", "2.0", True),
        ("2", "2.0.0", True),
        ("v2.0.1", "2.0", True),
        ("10.0", "9.1", True),
        ("2.0rc1", "2.0", False),
        ("2.0.0-beta.2", "2.0.0-beta.10", False),
        ("2.0.post1", "2.0", True),
        ("2.0+local", "2.0", True),
        ("", "2.0", False),
        ("2.0", "soon", False),
    ],
)
def test_a_version_is_reached_when_it_or_a_later_one_is_there(
    now: str, until: str, *, is_reached: bool
) -> None:
    assert version.reached(now, until) is is_reached


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("pyproject.toml", '[project]\nversion = "1.2"\n', "1.2"),
        ("pyproject.toml", '[tool.poetry]\nversion = "1.3"\n', "1.3"),
        ("pyproject.toml", '[project]\ndynamic = ["version"]\n', ""),
        ("package.json", '{"version": "2.0.0-beta.1"}', "2.0.0-beta.1"),
        ("package.json", "[1]", ""),
        ("package.json", "{" * 100_000, ""),
        ("Cargo.toml", '[package]\nversion = "0.4.1"\n', "0.4.1"),
        ("Cargo.toml", "[package]\nversion = { workspace = true }\n", ""),
        ("pyproject.toml", "[project\n", ""),
        ("pyproject.toml", '[project]\nversion = "x; rm"\n', ""),
    ],
)
def test_the_version_is_what_the_file_says_and_nothing_else(
    path: str, text: str, said: str
) -> None:
    assert version.declared(path, text.encode()) == said


def test_the_newest_tag_is_the_highest_version_and_not_the_last_one_made() -> None:
    assert version.newest(["v1.10.0", "v1.9.0", "nightly", "app/v1.10.1"]) == "1.10.1"
    assert version.newest(["nightly"]) == ""
