"""What agents say and do is printed as it comes, for whoever asks for it."""

from project import BUILT, Project

SCRIPT = f"""\
[[step]]
do = "say"
text = "I keep the cart.\\nThen I test it. \\u001b[2J"
[[step]]
do = "write"
path = "shop/cart.py"
text = {BUILT["shop/cart.py"]!r}
"""


def test_a_run_that_is_followed_prints_each_event_cleaned(project: Project) -> None:
    project.new("trivial")
    script = project.root / "script.toml"
    script.write_text(SCRIPT.replace("'", '"'))

    result = project.ok("run", "guest", "--script", str(script), "--follow")

    assert "guest T1 text: I keep the cart." in result.err
    assert "guest T1 text: Then I test it." in result.err
    assert "guest T1 tool: write shop/cart.py" in result.err
    assert "guest T1 end: ended" in result.err
    assert "\x1b" not in result.err
    assert all(len(line) <= 80 for line in result.err.splitlines())


def test_nobody_is_told_who_did_not_ask(project: Project) -> None:
    project.new("trivial")
    script = project.root / "script.toml"
    script.write_text(SCRIPT.replace("'", '"'))
    assert "I keep the cart" not in project.ok("run", "guest", "--script", str(script)).said
