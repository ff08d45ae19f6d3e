"""A command that cannot be run is a result, not an error; a report is read, but not any report."""

from pathlib import Path

import pytest

from accord.core.ports import Walls
from accord.sandbox import reports
from accord.sandbox.none import NoSandbox

TEST = "def test_one() -> None:\n    assert True\n"


def make(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_a_script_of_the_project_is_found_from_its_folder(tmp_path: Path) -> None:
    make(tmp_path / "work", "check.sh", "#!/bin/sh\npwd\n")

    run = NoSandbox().run(["./check.sh"], Walls(str(tmp_path / "work")), 10)

    assert (run.exit_status, run.output) == (0, f"{tmp_path / 'work'}\n")


def test_a_script_where_accord_was_started_is_not_taken_for_the_projects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "here", "check.sh", "#!/bin/sh\necho wrong\n")
    make(tmp_path / "work", "check.sh", "#!/bin/sh\necho right\n")
    (tmp_path / "bare").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert NoSandbox().run(["./check.sh"], Walls(str(tmp_path / "work")), 10).output == "right\n"
    assert NoSandbox().run(["./check.sh"], Walls(str(tmp_path / "bare")), 10).missing


@pytest.mark.parametrize("text", ["#!/nowhere/python\n", "\x7fELF not a program", ""])
def test_a_command_that_cannot_be_started_is_missing(tmp_path: Path, text: str) -> None:
    make(tmp_path / "work", "check.sh", text)

    run = NoSandbox().run(["./check.sh"], Walls(str(tmp_path / "work")), 10)

    assert run.missing
    assert run.exit_status is None


@pytest.mark.parametrize("name", ["nowhere", "./nowhere", "/nowhere/at/all", "../work"])
def test_a_command_that_is_not_there_is_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "work").mkdir()

    assert NoSandbox().run([name], Walls(str(tmp_path / "work")), 10).missing


@pytest.mark.parametrize("name", ["plain", "o'brien", 'two "words"', "back\\slash"])
def test_a_report_is_written_whatever_the_folder_is_called(tmp_path: Path, name: str) -> None:
    make(tmp_path / name / "work", "test_one.py", TEST)

    run = NoSandbox().run(
        ["python", "-m", "pytest", "-q"], Walls(str(tmp_path / name / "work")), 60
    )

    assert run.exit_status == 0, run.output
    [report] = run.reports
    assert b'name="test_one"' in report


def test_a_report_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "LARGEST", 100)
    make(tmp_path / "work", "test_one.py", TEST)

    run = NoSandbox().run(["python", "-m", "pytest", "-q"], Walls(str(tmp_path / "work")), 60)

    assert run.exit_status == 0
    assert run.reports == ()


def test_where_one_report_is_too_large_none_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "LARGEST", 20)
    green, red = tmp_path / "green.xml", tmp_path / "red.xml"
    green.write_text("<green/>")
    red.write_text("<red/>" * 9)
    link = tmp_path / "link.xml"
    link.symlink_to(red)

    assert reports.read([green, red]) == ()
    assert reports.read([green, link, tmp_path / "gone.xml"]) == (b"<green/>",)


def test_the_reports_that_a_command_writes_are_read_and_no_other(tmp_path: Path) -> None:
    work = tmp_path / "work"
    make(work / "old", "report.xml", "<committed/>")
    make(work / "kept", "report.xml", "<written anew/>")
    make(work / "app/target", "secret.txt", "secret")
    script = """#!/bin/sh
mkdir -p app/target deep/er
echo "<one/>" > app/target/report.xml
echo "<two/>" > deep/er/report.xml
echo "<again/>" > kept/report.xml
echo "<other/>" > deep/other.xml
ln -s app/target/secret.txt report.xml
mkfifo app/report.xml
"""
    make(work, "check.sh", script)

    def run(*patterns: str) -> list[str]:
        (work / "report.xml").unlink(missing_ok=True)
        (work / "app/report.xml").unlink(missing_ok=True)
        found = NoSandbox().run(["./check.sh"], Walls(str(work), reports=patterns), 10)
        return [one.decode().strip() for one in found.reports]

    assert run("report.xml") == ["<one/>", "<two/>", "<again/>"]
    assert run("**/target/*.xml") == ["<one/>"]
    assert run() == []
