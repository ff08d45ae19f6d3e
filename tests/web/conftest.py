import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from accord.web.running import Server
from browsing import QUIET, apart
from needing import need
from project import Project, make_project
from visiting import Visitor, serving

# The bench is no part of the package, so it is found from the root of the checkout.
sys.path.append(str(Path(__file__).resolve().parents[2]))

ASKING = """\
# Guest checkout

A guest whose card is declined can pay again.

## Questions

- Q1 (open) May a guest order be claimed later?

## Assumptions

- A1 (low) Carts are small.
- A2 (high) Carts are kept for 24 months.

## Requirements

### R1 Keep the cart

As a guest, I want to keep my cart, so that I can pay again.

- R1.1 WHEN the card is declined THE shop SHALL keep the cart for 60 minutes.
- R1.2 WHEN the cart is kept THE shop SHALL say until when.

## Out of scope
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return make_project(tmp_path, monkeypatch)


@pytest.fixture
def asking(project: Project) -> Project:
    """A project whose only change asks a question and takes two things for granted."""
    project.new()
    project.write("requirements.md", ASKING)
    return project


@pytest.fixture
def built(project: Project) -> Project:
    """A change that was built, with a file in it that nobody asked for."""
    project.approve_spec()
    apart(lambda: project.build())
    project.commit_on("accord/guest", {"settings.py": "DEBUG = True\n"})
    apart(lambda: project.ok("run", "guest"))
    return project


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    with serving(project) as server:
        yield server


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return Visitor(server).enter()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # For a module and no longer: its loop runs on this thread, where `accord run` starts its own.
    found = shutil.which("chromium")
    need(found is not None, "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()
