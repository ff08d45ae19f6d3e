"""A name that one piece of work took away and another uses is seen in each of these languages."""

import pytest

from accord.core import radar
from accord.core.radar import Kind
from accord.wiring.code import read_symbols

# What was there, what one made of it, and what the other wrote meanwhile in a file of its own.
CODE = {
    "py": (
        "def settle(a):\n    return a\n",
        "def close(a):\n    return a\n",
        "from a import settle\n\n\ndef pay(a):\n    return settle(a)\n",
    ),
    "ts": (
        "export function settle(a: number) { return a }\n",
        "export function close(a: number) { return a }\n",
        'import { settle } from "./a"\nexport function pay(a: number) { return settle(a) }\n',
    ),
    "go": (
        "package shop\n\nfunc Settle(a int) int { return a }\n",
        "package shop\n\nfunc Close(a int) int { return a }\n",
        "package shop\n\nfunc Pay(a int) int { return Settle(a) }\n",
    ),
}


@pytest.mark.parametrize("language", CODE)
def test_a_name_taken_away_by_one_and_used_by_the_other_is_seen(language: str) -> None:
    was, made, wrote = CODE[language]
    file, other = f"a.{language}", f"b.{language}"

    def read(path: str, text: str) -> radar.Files:
        return {path: read_symbols(path, text.encode()) or ()}

    one = radar.side("one", "T1", "1", [file], read(file, was), read(file, made))
    two = radar.side("two", "T2", "2", [other], {}, read(other, wrote))
    found = radar.compare(one, two, lambda *_: ())

    assert found is not None
    assert found.kind is Kind.BROKEN
    assert "took away" in found.over[0]
    assert "ettle" in found.over[0]
