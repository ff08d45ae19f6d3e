"""A host's own flags are changed by the bytes of one value."""

import json

import pytest

from accord.formats import claiming, kiro, speckit

FLAGS = b"""{
  "feature_name": "cart", "note": "\\"approved\\": false",
  "approvals": {
    "requirements": { "generated": true, "approved": false },
    "design": {"generated": false, "approved": false}
  }
}
"""


def test_a_flag_of_spec_json_is_one_value() -> None:
    new = claiming.with_flag(FLAGS, "design", "approved", value=True)

    assert new == FLAGS.replace(b'false, "approved": false', b'false, "approved": true')
    assert kiro.claims(new)["approvals.design.approved"] == "true"
    assert kiro.claims(new)["approvals.requirements.approved"] == "false"
    assert claiming.with_flag(new, "design", "approved", value=False) == FLAGS


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"approvals": 3}', b'{"approvals": {"design": {"approved": "false"}}}',
     json.dumps({"x": '"approvals": {"design": {"approved": false'}).encode()],
)  # fmt: skip
def test_what_has_no_such_flag_stays(data: bytes) -> None:
    assert claiming.with_flag(data, "design", "approved", value=True) == data
    assert claiming.with_flag(FLAGS, "design.*", "approved", value=True) == FLAGS


def test_a_status_is_changed_in_the_head_alone() -> None:
    text = b"# F\r\n\r\n**Status**: Draft\r\n\r\n## Rest\r\n\r\n**Status**: other\r\n"

    new = claiming.with_status(text, "Approved\nby Ada")

    assert new == text.replace(b"Draft", b"Approved by Ada")
    assert speckit.claims(new)["status"] == "Approved by Ada"
    bare = b"# F\n\n## Rest\n\n**Status**: other\n"
    assert claiming.with_status(bare, "Approved") == bare
