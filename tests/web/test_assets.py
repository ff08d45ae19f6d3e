"""What the pages load: only what is listed, only what it was, nothing from elsewhere."""

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import accord.web
from accord.web.assets import assets
from visiting import Visitor

WEB = Path(accord.web.__file__).parent
VENDOR = WEB / "static" / "vendor"
COLD = 130 * 2**10


def test_what_is_not_ours_is_what_it_was_when_it_was_taken() -> None:
    listed = tomllib.loads((VENDOR / "vendor.toml").read_text())["file"]
    for one in listed:
        data = (VENDOR / one["path"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == one["sha256"], one["path"]
        assert one["version"] in one["path"]
    there = {path.name for path in VENDOR.iterdir()} - {"vendor.toml", "LICENSE-htmx"}
    assert there == {one["path"] for one in listed}


def test_every_file_is_served_and_no_other() -> None:
    _, named = assets()
    there = {
        path.name for path in (WEB / "static").rglob("*") if path.suffix in (".css", ".js", ".svg")
    }
    assert there == set(named)


def test_nothing_names_another_host() -> None:
    for path in [*WEB.glob("templates/*"), *WEB.glob("static/*.*")]:
        found = re.findall(r"https?://(?!www\.w3\.org/2000/svg)", path.read_text())
        assert found == [], path.name
    for path in WEB.glob("templates/*"):
        assert not re.search(
            r"\sstyle=|\son[a-z]+=|<style|<script>[^a]|\|safe", path.read_text()
        ), path


def test_a_first_visit_loads_little(visitor: Visitor) -> None:
    page = visitor.get("/").text
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    loaded = len(page) + sum(len(visitor.get(one).text.encode()) for one in addresses)
    assert len(addresses) == 5
    assert loaded <= COLD
    for one in addresses:
        assert "immutable" in visitor.get(one).headers["cache-control"]


def test_the_other_verbs_do_not_load_a_web_server() -> None:
    code = "import sys, accord.cli.main, accord.cli.commands.status, accord.cli.commands.serve\n"
    code += (
        "print([name for name in ('starlette', 'uvicorn', 'jinja2', 'nh3') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
