"""Real files: those of this project, in another layout and with one token changed."""

import ast
import tokenize
from io import BytesIO
from pathlib import Path

import pytest

from accord.symbols.reading import read

SOURCES = sorted((Path(__file__).parents[2] / "src/accord/core").glob("*.py"))


def prints(data: bytes) -> dict[str, str]:
    return {one.name: one.print for one in read("a.py", data) or ()}


@pytest.mark.parametrize("path", SOURCES, ids=lambda one: one.name)
def test_a_file_written_anew_by_another_program_keeps_its_prints(path: Path) -> None:
    # No comment, other quotes, other parentheses, other line ends: `ast` writes what it read.
    data = path.read_bytes()
    assert prints(ast.unparse(ast.parse(data)).encode()) == prints(data)


@pytest.mark.parametrize("path", SOURCES[::3], ids=lambda one: one.name)
def test_a_token_of_behaviour_that_changes_changes_a_print(path: Path) -> None:
    data = path.read_bytes()
    lines = data.decode().splitlines(keepends=True)
    told = prints(data)
    spots = [
        one for one in tokenize.tokenize(BytesIO(data).readline)
        if one.type == tokenize.NUMBER or one.string in ("and", "or", "==", "+", "not", "in", "<")
    ]  # fmt: skip
    for spot in spots[:: max(1, len(spots) // 12)]:
        row, column = spot.start
        line = lines[row - 1]
        swap = {"and": "or", "or": "and", "==": "!=", "+": "-", "<": ">"}.get(spot.string, "")
        other = swap or (f"7{spot.string}" if spot.string.isdigit() else "")
        if not other or "f'" in line or 'f"' in line or "import" in line:
            continue
        changed = [*lines]
        changed[row - 1] = line[:column] + other + line[spot.end[1] :]
        text = "".join(changed)
        if ast.dump(_bare(text)) != ast.dump(_bare(data.decode())):
            assert prints(text.encode()) != told, (path.name, row, line)


class _Untyped(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        node.annotation = ast.Constant(0)
        return node


def _bare(text: str) -> ast.AST:
    tree: ast.AST = _Untyped().visit(ast.parse(text))
    return tree
