"""Ctrl-C at a terminal, which all processes of a group hear, and git."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import gitrepo

THREADED = """
import sys, threading
from pathlib import Path
from accord.git.run import Git

def nap():
    Git(Path(sys.argv[1])).bytes("-c", "alias.nap=!touch there; sleep 3", "nap")
    print("slept")
    over.set()

over = threading.Event()
threading.Thread(target=nap).start()
try:
    over.wait()
except KeyboardInterrupt:
    print("heard")
over.wait(30)
"""


def test_ctrl_c_at_a_terminal_ends_no_git_that_a_thread_waits_for(tmp_path: Path) -> None:
    gitrepo.run(tmp_path, "init", "-q", "--bare", ".")
    process = subprocess.Popen(
        [sys.executable, "-c", THREADED, str(tmp_path)], text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while not (tmp_path / "there").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert said.split() == ["heard", "slept"]
