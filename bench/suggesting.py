"""How often `accord trace suggest` is right by words alone, against labels that people wrote.

A docstring says in its first sentence what a function does: the sentence is the criterion, the
function the label. No docstring is among what the ranking reads, and no sentence that holds the
name of its function is asked. It is the hardest case: there is no history and no coverage.
"""

import ast
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from attrs import frozen

from accord.core import suggesting
from accord.core.fingerprint import Mark
from accord.core.suggesting import Signs, Target, Wanted
from bench.drift_truth import definitions
from bench.table import Figure, Peer

PACKAGES = ("click", "starlette", "httpx", "attr", "jinja2")
PRECISION = 0.5
_FEWEST = 5


@frozen
class Labelled:
    """A sentence and the place of the function that it is about."""

    words: str
    place: str


def labelled(folder: Path) -> tuple[list[Labelled], list[Target]]:
    """Return the sentences of a package and every function that they could be about."""
    sentences: list[Labelled] = []
    targets: list[Target] = []
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder.parent).as_posix()
        for function, node in definitions(ast.parse(path.read_bytes())):
            said = ast.get_docstring(node)
            mark = Mark(name, function, "")
            targets.append(Target(mark, False, "", _code(node)))
            sentence = re.split(r"(?<=[.!?])\s", " ".join((said or "").split()))[0]
            named = function.rpartition(".")[2].strip("_").casefold()
            told = re.sub(r"[\W_]", "", sentence.casefold())
            if len(sentence.split()) >= _FEWEST and named.replace("_", "") not in told:
                sentences.append(Labelled(sentence, mark.place))
    return sentences, targets


def _code(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return "\n".join([ast.unparse(node.args), *map(ast.unparse, body)])


def measure(packages: Sequence[str] = PACKAGES) -> Figure:
    """Return the share of first proposals that are right, beside a choice by lot."""
    asked = proposed = right = 0
    chance = 0.0
    for name in packages:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        sentences, targets = labelled(Path(spec.origin).parent)
        wanted = [Wanted(f"{at}", one.words) for at, one in enumerate(sentences)]
        first: dict[str, str] = {}
        for one in suggesting.suggest(wanted, targets, Signs()):
            first.setdefault(one.key, one.mark.place)
        asked += len(sentences)
        proposed += len(first)
        right += sum(sentences[int(key)].place == place for key, place in first.items())
        chance += len(first) / max(1, len(targets))
    return Figure(
        "accord trace suggest, first proposals that are right, by words alone",
        right / max(1, proposed), "share", PRECISION,
        (Peer("by lot", chance / max(1, proposed)),), more=True,
        note=f"{asked} sentences, {proposed} with a proposal, {right} of them right",
    )  # fmt: skip


if __name__ == "__main__":
    print(measure())
