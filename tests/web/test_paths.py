"""Paths of documents in an address: none of them leads anywhere but to what the change holds."""

import os

import pytest

from project import Project
from visiting import Visitor

AWAY = ("../../../../etc/passwd", "..%2f..%2f..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd",
        "%252e%252e%252fetc%252fpasswd", "..%5c..%5cetc%5cpasswd", "requirements.md%00.html", ".",
        "link.md", "mockups%2flink.html", "pipe.md", "mockups")  # fmt: skip


@pytest.mark.parametrize("route", ["document", "mockup", "at/0123456789abcdef"])
def test_no_path_of_a_document_leads_out_of_its_folder(
    asking: Project, visitor: Visitor, route: str
) -> None:
    desk = asking.desk()
    (desk / "mockups").mkdir()
    for name in ("link.md", "mockups/link.html"):
        (desk / name).symlink_to("/etc/passwd")
    os.mkfifo(desk / "pipe.md")
    for path in AWAY:
        answer = visitor.get(f"/changes/guest/{route}/{path}")
        assert answer.status in (400, 404, 409), path
        assert "root:" not in answer.text
    page = visitor.get("/changes/guest")
    assert "root:" not in page.text
