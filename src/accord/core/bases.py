"""What a change was written on: the fingerprint of each requirement and scenario that it touches.

The ledger lies beside that of the ids. History tells the same as long as nobody squashes or
rebases it; the ledger goes with the change through that.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping

from attrs import frozen

from accord.core.merging import Part
from accord.errors import ConfigurationError

Key = tuple[str, str]
_HEAD = "# What each requirement said when the change was written on it: Accord merges by it.\n"


@frozen
class Base:
    """One requirement as it was when a change was written on it.

    `part` holds fingerprints alone, None stands for a requirement that was not there. `made` is
    the digest of what the change made of it then, empty where it takes it out.
    """

    spec: str
    name: str
    part: Part | None
    made: str


def bare(part: Part) -> Part:
    """Return `part` with the fingerprints of its texts in their place."""
    inner = tuple(bare(one) for one in part.parts)
    return Part(part.name, "", inner, "", part.fingerprint)


def to_toml(bases: Iterable[Base]) -> str:
    """Return the ledger as the text of its file: sorted, one block for each requirement."""
    blocks = []
    for one in sorted(bases, key=lambda one: (one.spec, one.name)):
        lines = [f"of = {_text([one.spec, one.name])}", f"made = {_text(one.made)}"]
        if one.part is not None:
            lines.append(f"says = {_text(one.part.fingerprint)}")
            rows = [f"  {_text([inner.name, inner.fingerprint])},\n" for inner in one.part.parts]
            lines.append(f"inside = [\n{''.join(rows)}]")
        blocks.append("[[base]]\n" + "\n".join(lines) + "\n")
    return "\n".join([_HEAD, *blocks])


def from_toml(text: str) -> Mapping[Key, Base]:
    """Return the ledger in a text. Raises ConfigurationError when it is none."""
    try:
        found = {}
        for row in tomllib.loads(text).get("base", []):
            spec, name = map(str, row["of"])
            inner = tuple(
                Part(str(title), "", known=str(known)) for title, known in row.get("inside", ())
            )
            part = Part(name, "", inner, "", str(row["says"])) if "says" in row else None
            found[spec, name] = Base(spec, name, part, str(row["made"]))
        return found
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"the ledger of bases cannot be read: {error}", hint="git checkout it as it was"
        ) from error


def _text(value: str | list[str]) -> str:
    # The strings and lists of JSON are those of TOML as well, but for this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
