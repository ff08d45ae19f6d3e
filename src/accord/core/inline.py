"""Tests of Rust that stand beside the code, put beside the code as it was.

The custom is a module `#[cfg(test)] mod tests` in each file (The Rust Programming Language, 11.3).
Only those are known that are laid out as rustfmt does.
"""

import re

_BLOCK = re.compile(
    r"^#\[cfg\(test\)\]\n(?:#\[[^\n]*\n)*(?:pub(?:\([^\n)]*\))? )?mod \w+ \{\n"
    r"(?:[^}\n][^\n]*\n|\n)*\}\n?",
    re.MULTILINE,
)


def laid_over(old: str, new: str) -> str:
    """Return the code of `old` with the modules of tests of `new`; empty where `new` has none."""
    blocks = [one.rstrip("\n") + "\n" for one in _BLOCK.findall(new)]
    return "\n".join([_BLOCK.sub("", old).rstrip("\n") + "\n", *blocks]) if blocks else ""
