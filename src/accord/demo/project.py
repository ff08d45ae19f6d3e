"""The project that the demonstration works on: a real one from the package registry, else ours."""

import importlib.util
import shutil
import subprocess
import sys
import tarfile
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath

from attrs import frozen

# Small, pure, stable, MIT-licensed, with its tests in the source distribution.
PACKAGE, VERSION = "inflection", "0.5.1"
SHA256 = "1a29730d366e996aaacffb2f1f1cb9593dc38e2ddd30c91250c6dde09ea9b417"


@frozen
class Project:
    """Where the project lies, its module, where its tests go, what runs them, what to say of it."""

    folder: Path
    module: str
    tests: str
    verify: str
    said: str


def fetch(folder: Path, *, offline: bool) -> Project:
    """Put the project into `folder` and return it; without the registry it is our small sample.

    The registry is asked through pip, as this machine has it set up, and only for bytes with the
    known sha256.
    """
    if offline:
        return _sample(folder, "as asked, offline: on the small sample project of this package")
    if importlib.util.find_spec("pytest") is None:
        return _sample(folder, "pytest is not installed: on the small sample project instead")
    archive = _download(folder.parent)
    if archive is None:
        return _sample(folder, "the package registry was not reached: on the small sample project")
    _unpack(archive, folder)
    said = f"on {PACKAGE} {VERSION}, a real project from the package registry"
    return Project(folder, PACKAGE, "", "python -m pytest -q", said)


def _download(folder: Path) -> Path | None:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{PACKAGE}=={VERSION} --hash=sha256:{SHA256}\n")
    # pip may build metadata to learn the dependencies, hence the time limit and not a shorter one.
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
        "--no-deps", "--no-binary", ":all:", "--require-hashes", "--retries", "1",
        "--timeout", "10", "--dest", str(folder), "-r", str(wanted),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        return None
    archive = folder / f"{PACKAGE}-{VERSION}.tar.gz"
    return archive if done.returncode == 0 and archive.is_file() else None


def _unpack(archive: Path, folder: Path) -> None:
    """Write the plain files of the archive's one top folder into `folder`, and nothing else.

    Python before 3.11.4 has no filter of its own against names that lead elsewhere.
    """
    with tarfile.open(archive) as source:
        for member in source:
            inside = PurePosixPath(member.name).parts[1:]
            data = source.extractfile(member) if member.isfile() and ".." not in inside else None
            if inside and data is not None:
                path = folder.joinpath(*inside)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data.read())


def _sample(folder: Path, said: str) -> Project:
    with as_file(files("accord.demo") / "sample") as source:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    pytest = importlib.util.find_spec("pytest") is not None
    verify = "python -m pytest -q" if pytest else "python -m unittest discover -v"
    return Project(folder, "wording", "tests/", verify, said)


def script(project: Project, change: str) -> str:
    """Return the script that the scripted agent plays on `project`."""
    text = (files("accord.demo") / "script.toml").read_text(encoding="utf-8")
    filled = {
        "@MODULE@": project.module,
        "@TESTS@": project.tests,
        "@VERIFY@": project.verify,
        "@CHANGE@": change,
    }
    for mark, value in filled.items():
        text = text.replace(mark, value)
    return text
