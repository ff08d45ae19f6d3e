"""What the demonstration unpacks: plain files below one folder, whatever the archive names."""

import io
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from accord.demo.project import _unpack

GOOD = "inflection-0.5.1/inflection.py"


def archive(at: Path, members: Iterable[tuple[str, dict[str, object]]]) -> Path:
    """Write an archive with one good file and `members`, each with what is odd about it."""
    with tarfile.open(at, "w:gz") as made:
        for name, odd in ((GOOD, {}), *members):
            member = tarfile.TarInfo(name)
            for field, value in odd.items():
                setattr(member, field, value)
            data = b"words" if member.isfile() else b""
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
    return at


@pytest.mark.parametrize(
    "members",
    [
        [("inflection-0.5.1/../../slip.py", {})], [("../slip.py", {})], [("a/../../slip.py", {})],
        [("inflection-0.5.1/link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"})],
        [("inflection-0.5.1/link", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"})],
        [("inflection-0.5.1/out", {"type": tarfile.SYMTYPE, "linkname": "../.."}),
         ("inflection-0.5.1/out/slip.py", {})],
        [("inflection-0.5.1/pipe", {"type": tarfile.FIFOTYPE})],
        [("inflection-0.5.1/disk", {"type": tarfile.BLKTYPE, "devmajor": 8})],
        [("/etc/slip.py", {})], [("//slip.py", {})], [("alone.py", {})],
        [("inflection-0.5.1/run.sh", {"mode": 0o6777})],
    ],
)  # fmt: skip
def test_no_member_leads_out_of_the_folder(
    tmp_path: Path, members: list[tuple[str, dict[str, object]]]
) -> None:
    around = tmp_path / "around"
    folder = around / "project"
    folder.mkdir(parents=True)
    _unpack(archive(tmp_path / "a.tar.gz", members), folder)
    assert (folder / "inflection.py").read_bytes() == b"words"
    assert [one.name for one in around.iterdir()] == ["project"]
    for one in folder.rglob("*"):
        assert not one.is_symlink()
        assert one.is_dir() or one.is_file()
        assert not one.stat().st_mode & 0o6000
        assert not one.is_file() or not os.access(one, os.X_OK)
