"""A shop whose change was released, to see what `check --run` asks of what comes after."""

import json
from typing import Any

import gitrepo
from project import PYTEST, Project

CART = """\
from shop.price import rate


def keep(cart):
    if not cart:
        return 0
    return len(cart) * rate()
"""
FILES = {
    "shop/price.py": "def rate():\n    return 60\n",
    "shop/cart.py": CART,
    "tests/test_cart.py": "def test_nothing():\n    pass\n",
    "tests/test_minutes.py": """\
import shop.cart


def test_r1_1_keeps_for_an_hour():
    assert shop.cart.keep([1]) == 60


def test_r1_2_says_until_when():
    assert shop.cart.keep
""",
}
SAME = CART.replace("len(cart) * rate()", "rate() * len(cart)")
BROKEN = CART.replace("len(cart) *", "2 * len(cart) *")
TRACE = ".accord/trace/guest.toml"


def configure(project: Project, extra: str = "") -> None:
    path = project.top / ".accord/config.toml"
    kept = [f'command = "{PYTEST}"\n{extra}' if one.startswith("command") else one
            for one in path.read_text().splitlines()]  # fmt: skip
    path.write_text("\n".join(kept) + "\n")
    project.git("commit", "-qam", "Configure")


def release(project: Project, files: dict[str, str]) -> Project:
    project.approve_spec()
    # The price was there before: what the tests run is more than what the task changed.
    result = project.build(files=files)
    assert result.exit == 0, result.said
    for _ in ("implementation", "review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")
    return project


def run(project: Project, *more: str) -> dict[str, Any]:
    result = project.run("check", "--run", "--json", *more)
    found: dict[str, Any] = json.loads(result.out)
    assert result.exit == (1 if found["findings"] else 0), result.said
    return found


def change(project: Project, **files: str) -> str:
    said = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return gitrepo.commit(project.top, said, "Change")


def stands(found: dict[str, Any]) -> dict[str, str]:
    return {one["criterion"]: one["standing"] for one in found["findings"]}
