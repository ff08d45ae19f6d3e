"""`accord serve` opens the browser of the person, and the code that it gives it works once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, expect

from project import Project


def test_the_browser_is_opened_with_a_code_that_works_once(
    project: Project, chromium: Browser
) -> None:
    told = project.root / "told"
    script = project.root / "browser"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > "{told}.part"\nmv "{told}.part" "{told}"\n')
    script.chmod(0o755)
    process = subprocess.Popen(
        [Path(sys.executable).with_name("accord"), "serve"], cwd=project.top,
        env={**os.environ, "BROWSER": str(script)}, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until = time.monotonic() + 60
        while not told.exists() and time.monotonic() < until:
            time.sleep(0.1)
        address = told.read_text()
        for said in ("Nothing waits for you", "That code does not hold"):
            page = chromium.new_page()  # each is a browser of its own
            page.goto(address)
            expect(page.get_by_text(said).first).to_be_visible()
            page.close()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
