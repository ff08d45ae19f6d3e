"""A team's room in a real browser, over TLS: sign in, join with a passkey, approve."""

import base64
import hashlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import Browser, expect, sync_playwright

import issuing
import passkeying
from accord.approvals import passkeys
from accord.web.running import Server
from accord.web.team import Team
from browsing import QUIET, WAIT, device, free_in_each_look
from issuing import Issuer
from needing import need
from project import STORY, Project
from tls import certificate
from visiting import serving

HOST = "accord.example.com"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing.issuing() as issuer:
        issuer.vouches("1", "kim@example.com")
        yield issuer


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the host, and its key."""
    return certificate(tmp_path_factory.mktemp("tls"), HOST)


@pytest.fixture
def shared(project: Project, issuer: Issuer, files: tuple[Path, Path]) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pem, key = map(str, files)
    team = Team(f"https://{HOST}:{port}", issuer.address, issuing.CLIENT, issuing.SECRET,
                port=port, certificate=pem, key=key)  # fmt: skip
    with serving(project, terminal=False, team=team) as server:
        yield server


@pytest.fixture(scope="module")
def chromium(files: tuple[Path, Path]) -> Iterator[Browser]:
    """A browser that finds the host on this machine, and takes its certificate for a known one."""
    found = shutil.which("chromium")
    need(found is not None, "chromium")
    public = x509.load_pem_x509_certificate(files[0].read_bytes()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    data = public.public_bytes(serialization.Encoding.DER, form)
    pin = base64.b64encode(hashlib.sha256(data).digest()).decode()
    more = [f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={pin}"]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET[:-1], *more])
        yield browser
        browser.close()


def test_somebody_new_signs_in_joins_and_approves(
    project: Project, shared: Server, chromium: Browser
) -> None:
    project.new()
    project.write("requirements.md", STORY)
    context = chromium.new_context()
    context.set_default_timeout(WAIT)
    page = context.new_page()
    with device(page):
        page.goto(f"{shared.address}/changes/guest")
        page.get_by_role("link", name="Sign in").click()
        expect(page.get_by_role("heading", name="You are not known here")).to_be_visible()
        page.get_by_role("link", name="Make a passkey").click()
        page.get_by_label("Your name in the trust file").fill("kim")
        page.get_by_label("Name of the device").fill("Laptop")
        page.keyboard.press("Enter")
        line = page.locator("pre").inner_text()
        project.ok("trust", "add", *line.split()[3:])
        page.goto(f"{shared.address}/changes/guest")
        page.keyboard.press("Shift+A")
        expect(page.get_by_role("heading", name="Sign with your passkey")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Signed")).to_be_visible()
        link = context.new_page()
        link.set_content(f'<a href="{shared.address}/changes/guest">the change</a>')
        link.get_by_role("link").click()
        expect(link.get_by_role("heading", name="Guest cart")).to_be_visible()
    context.close()
    gate = project.show()["gates"][0]
    assert (gate["standing"], gate["reason"]) == ("open", "approved by kim")


def test_the_door_has_no_barrier_and_asks_nobody_but_the_issuer(
    shared: Server, issuer: Issuer, chromium: Browser
) -> None:
    asked: list[str] = []
    context = chromium.new_context(reduced_motion="reduce")
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    with device(page):
        page.goto(f"{shared.address}/")
        free_in_each_look(page)
        page.get_by_role("link", name="Sign in").click()
        expect(page.get_by_role("heading", name="You are not known here")).to_be_visible()
        free_in_each_look(page)
        page.get_by_role("link", name="Make a passkey").click()
        expect(page.get_by_role("heading", name="Join")).to_be_visible()
        free_in_each_look(page)
        page.get_by_label("Your name in the trust file").fill("kim")
        page.get_by_label("Name of the device").fill("Laptop")
        page.keyboard.press("Enter")
        expect(page.locator("pre")).to_contain_text("accord trust add kim")
        free_in_each_look(page)
        expect(page.locator("#trouble")).to_be_hidden()
    # Whoever is not known follows nothing: it would be refused, and the page would say so.
    assert [one for one in asked if "/events" in one] == []
    context.close()
    own = [one for one in asked if one.startswith(f"{shared.address}/")]
    others = set(asked) - set(own)
    assert any(one.endswith("/join") for one in own)
    assert {one.partition("?")[0] for one in others} == {f"{issuer.address}/authorize"}


def test_the_pages_of_who_may_only_look_are_shut_and_have_no_barrier(
    project: Project, shared: Server, issuer: Issuer, chromium: Browser
) -> None:
    key = passkeys.told(passkeying.es256(6, HOST).offer())
    project.ok("trust", "add", "lee", "--role", "reader", "--login", "sub:lee", "--passkey", key)
    project.new()
    project.write("requirements.md", STORY)
    issuer.vouches("lee")
    context = chromium.new_context(viewport={"width": 390, "height": 900})
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto(f"{shared.address}/")
    page.get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
    for path in ("/changes/guest", "/board", "/keys"):
        page.goto(f"{shared.address}{path}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
        expect(page.get_by_text("lee may look and do nothing here").first).to_be_visible()
        for control in page.locator("#main").locator("button, input, select, textarea").all():
            expect(control).to_be_disabled()
        free_in_each_look(page)
    context.close()
