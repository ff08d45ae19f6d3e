"""Whatever can be done is a form, which works without a script, and a control, which has keys."""

import re
from pathlib import Path

import pytest

import accord
import accord.web
from accord.web.server import _ACTS
from visiting import Visitor

TEMPLATES = sorted((Path(accord.web.__file__).parent / "templates").glob("*.html"))
UNPACKS = re.compile(
    r"^\s*(?:import|from) (?:zipfile|tarfile|zipimport)|unpack_archive|[\"'](?:unzip|tar|7z)[\"']",
    re.MULTILINE,
)
CONTROLS = ("a", "button", "input", "summary", "textarea", "select")


@pytest.mark.parametrize("place", TEMPLATES, ids=lambda path: path.name)
def test_what_a_script_sends_a_form_sends_to_the_same_place(place: Path) -> None:
    for tag in re.findall(r"<[a-z]+(?:[^<>{}]|{{.*?}}|{%.*?%})*>", place.read_text()):
        posts = re.search(r'hx-(?:post|put|delete|patch)="([^"]*)"', tag)
        if posts:
            assert tag.startswith("<form "), tag
            assert 'method="post"' in tag, tag
            assert f'action="{posts[1]}"' in tag, tag
        if "data-key=" in tag:
            assert re.match(r"<(\w+)", tag)[1] in CONTROLS, tag  # type: ignore[index] # it begins so
        assert not re.search(r"\sonclick|href=\"javascript:", tag), tag


def test_every_form_leads_to_an_action_and_carries_the_token(visitor: Visitor) -> None:
    known = [re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + r"(\?.*)?") for path, _ in _ACTS]
    page = visitor.get("/-/patterns").text
    forms = re.findall(r'<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert len(forms) > 20
    for address, body in forms:
        assert any(one.fullmatch(address) for one in known), address
        assert 'name="csrf"' in body, address


def test_nothing_is_unpacked_but_what_the_demonstration_pins() -> None:
    """What a slip, a link, a bomb or a name said twice in an archive could do needs one opened."""
    top = Path(accord.__file__).parent
    found = [path for path in top.rglob("*.py") if UNPACKS.search(path.read_text())]
    assert found == [top / "demo/project.py"]  # a known sha256, through `test_unpacking`
