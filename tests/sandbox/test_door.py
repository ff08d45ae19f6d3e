"""The gateway is the only way out of a box, and it is found where an agent is told that it is."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from accord.core.orders import BRIDGE_PORT, DOOR
from accord.core.ports import Sandbox, Walls
from accord.sandbox.launcher import Launcher
from lab import boxed

PYTHON = Launcher.here().python


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Path]:
    """A gateway that answers each line with what it was asked, in capitals."""
    folder = tmp_path / "door" / ("of-a-long-name" * 9)
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as server:
        here = os.open(folder, os.O_RDONLY)  # the path of a socket may be 108 bytes
        server.bind(f"/proc/self/fd/{here}/{DOOR}")
        os.close(here)
        server.listen()

        def answer() -> None:
            while True:
                try:
                    client = server.accept()[0]
                except OSError:
                    return
                with client:
                    client.sendall(client.recv(100).upper())

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield folder
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


ASK = (
    "import os, socket, sys\n"
    "host, port = os.environ['BASE_URL'].removeprefix('http://').split(':')\n"
    "assert sys.argv[1] == os.environ['BASE_URL']\n"
    "for _ in range(3):\n"
    "    with socket.create_connection((host, int(port))) as one:\n"
    "        one.sendall(b'hello'); one.shutdown(socket.SHUT_WR); print(one.recv(100))\n"
)


def test_the_gateway_is_reached_and_nothing_else(tree: Path, box: Sandbox, door: Path) -> None:
    url = f"http://127.0.0.1:{BRIDGE_PORT}"
    walls = Walls(str(tree), door=str(door))

    said = boxed(box, walls, PYTHON, "-c", ASK, url, env={**os.environ, "BASE_URL": url})

    assert said == "b'HELLO'\n" * 3 + "0"


def test_without_a_door_there_is_no_gateway(tree: Path, box: Sandbox) -> None:
    url = f"http://127.0.0.1:{BRIDGE_PORT}"
    said = boxed(box, Walls(str(tree)), PYTHON, "-c", ASK, url, env={**os.environ, "BASE_URL": url})
    assert "refused" in said or "Permission denied" in said
    assert not said.endswith("\n0")
