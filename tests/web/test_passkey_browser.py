"""The whole way in a real browser with a device of its own: from no passkey to released code."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

import gitrepo
import keyring
from accord.approvals import records, sshsig
from accord.web.running import Server
from browsing import apart, device, enrol, evil, looking
from drifting import corrected, drifted
from project import SMALL, Project


def approve(page: Page) -> None:
    """Approve what waits, by keys alone: from Needs you to what the passkey signed."""
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url("**/changes/guest")
    page.keyboard.press("Shift+A")
    expect(page.get_by_role("heading", name="Sign with your passkey")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Signed")).to_be_visible()


def test_a_passkey_leads_from_the_gate_to_released_code_and_a_clone_agrees(
    project: Project, server: Server, chromium: Browser
) -> None:
    base = ""
    with looking(chromium, server) as page, device(page):
        enrol(page, project.top, server)
        base = project.git("rev-parse", "main")
        project.new("small")
        project.write("requirements.md", SMALL)
        approve(page)
        apart(lambda: project.build())
        approve(page)
        apart(lambda: project.ok("run", "guest"))
        page.keyboard.press("1")
        expect(page.get_by_role("heading", name="Needs you")).to_be_visible()
        page.keyboard.press("2")
        expect(page.locator("#landed-guest")).to_be_visible()
        for _ in range(page.locator("[data-item]").count()):
            page.keyboard.press("j")
        page.keyboard.press("o")
        expect(page.get_by_text("Released: 3 signed records")).to_be_visible()
        page.locator("[data-item]", has_text="approved the story").focus()
        page.keyboard.press("o")
        page.wait_for_url("**/at/*/requirements.md")
    assert project.file("main", "shop/cart.py").startswith(b"MINUTES")
    folder = ".accord/approvals/guest"
    names = project.git("ls-tree", "-r", "--name-only", "main", folder).splitlines()
    signed = [project.file("main", one) for one in names if one.endswith(".sig")]
    kinds = [sshsig._parse(sshsig._dearmor(one), records.NAMESPACE)[1] for one in signed]
    assert sum(b"webauthn-sk-ecdsa" in one for one in kinds) == 2
    clone = project.root / "clone"
    project.git("clone", "-q", str(project.top), str(clone))
    gitrepo.run(clone, "switch", "-q", "--detach", "origin/main")
    done = project.run("check", "--base", base, folder=clone)
    assert done.exit == 0, done.said


def test_a_finding_of_drift_is_judged_and_signed_by_keys_alone(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: drifted(project))
    with looking(chromium, server) as page, device(page):
        enrol(page, project.top, server)
        page.goto("/drift")
        page.keyboard.press("j")
        page.keyboard.press("t")
        expect(page.get_by_role("heading", name="Sign with your passkey")).to_be_visible()
        expect(page.get_by_text("verdict: still-true")).to_be_visible()
        assert Axe().run(page).violations_count == 0
        page.keyboard.press("Enter")
        expect(page.get_by_text("R1.1, R1.2 of guest: still-true")).to_be_visible()
    assert project.run("check", "--drift", "--json").json["findings"] == []


def test_what_takes_two_signatures_is_signed_by_keys_alone(
    project: Project, server: Server, chromium: Browser
) -> None:
    apart(lambda: drifted(project))
    apart(lambda: corrected(project, "other"))
    project.ok("approve", "other", "--yes")
    with looking(chromium, server) as page, device(page):
        enrol(page, project.top, server)
        page.goto("/drift")
        page.keyboard.press("j")
        page.keyboard.press("c")
        expect(page.get_by_text("a change is begun for it first")).to_be_visible()
        assert Axe().run(page).violations_count == 0
        page.keyboard.press("Enter")
        expect(page.get_by_text("was begun for it")).to_be_visible()
        page.keyboard.press("Shift+A")
        expect(page.get_by_role("heading", name="Signed")).to_be_visible()
        expect(page.get_by_text("R1.1, R1.2 of guest: code-wrong")).to_be_visible()
        page.goto("/changes/other/corrections")
        for key in ("j", "n", "Shift+A"):
            page.keyboard.press(key)
        expect(page.get_by_text("D1: a new rule: Carts are kept in PostgreSQL.")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_text("is in force: Carts are kept in PostgreSQL.")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Signed")).to_be_visible()
    assert project.ok("decisions", "stats", "--json").json["captured"] == 1


def test_a_device_that_knows_nobody_signs_nothing(
    project: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page, device(page) as finger:
        enrol(page, project.top, server)
        project.new("small")
        project.write("requirements.md", SMALL)
        page.goto("/changes/guest")
        page.keyboard.press("Shift+A")
        finger.send("setUserVerified", isUserVerified=False)
        page.get_by_role("button", name="Sign with your passkey").click()
        expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")
    assert project.gates()["story"] == "waiting"


THIEF = b"""<!doctype html><link rel="icon" href="data:,"><script>
const ask = (rpId) => navigator.credentials.get({publicKey: {
  challenge: new Uint8Array(32), rpId, userVerification: "required"}});
window.said = Promise.allSettled([ask("accord.localhost"), ask("localhost")]).then(
  (all) => all.map((one) => one.reason?.name || "signed"));
</script>"""


@pytest.mark.parametrize("host", ["localhost", "evil.localhost"])
def test_a_page_of_another_name_is_not_given_the_passkey(
    project: Project, server: Server, chromium: Browser, host: str
) -> None:
    with looking(chromium, server) as page, device(page):
        enrol(page, project.top, server)
        with evil(THIEF) as other:
            page.goto(f"http://{host}:{other.port}/")
            assert "signed" not in page.evaluate("window.said")
        page.goto(f"{server.address}/keys")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1360])
def test_the_pages_of_keys_have_no_barrier(
    project: Project, server: Server, chromium: Browser, dark: bool, width: int
) -> None:
    with looking(chromium, server, dark=dark, width=width) as page, device(page):
        page.goto("/keys")
        _free(page)
        page.get_by_label("Name of the device").fill("Laptop")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Confirm it in the terminal")).to_be_visible()
        _free(page)
        apart(lambda: keyring.confirm(project, server))
        project.new("small")
        project.write("requirements.md", SMALL)
        page.goto("/changes/guest")
        page.keyboard.press("Shift+A")
        expect(page.get_by_role("heading", name="Sign with your passkey")).to_be_visible()
        _free(page)


def _free(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_without_script_the_terminal_is_the_way(
    project: Project, server: Server, chromium: Browser
) -> None:
    with looking(chromium, server) as page, device(page):
        enrol(page, project.top, server)
    project.new("small")
    project.write("requirements.md", SMALL)
    with looking(chromium, server, script=False) as page:
        page.goto("/changes/guest")
        page.get_by_role("button", name="Approve the story").click()
        page.get_by_role("button", name="Confirm it in the terminal instead").click()
        expect(page.get_by_role("heading", name="Confirm it in the terminal")).to_be_visible()
        apart(lambda: keyring.confirm(project, server))
    assert project.gates()["story"] == "open"
