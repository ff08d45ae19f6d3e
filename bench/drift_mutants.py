"""Mutants of Python code, made with Python's own `ast` and by nothing of Accord's.

The ways are the common ones of mutation testing (Offutt and others, "An experimental determination
of sufficient mutant operators", 1996), and a statement that is left out.
"""

import ast
import copy
from collections.abc import Collection, Iterator
from hashlib import sha256

from attrs import field, frozen

_OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE,
    ast.LtE: ast.Gt, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add,
    ast.Div: ast.Mult, ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_SILENT = ("annotation", "returns")  # what these fields hold does nothing when it runs


@frozen
class Mutant:
    """A file with one piece of it changed: where, in which way, and the whole file."""

    path: str
    line: int
    how: str
    data: bytes = field(repr=False)

    @property
    def lot(self) -> str:
        """Return by what mutants are drawn: the same for the same mutant, in no other order."""
        return sha256(f"{self.path}:{self.line}:{self.how}".encode() + self.data).hexdigest()


def mutants(path: str, data: bytes, lines: Collection[int]) -> Iterator[Mutant]:
    """Yield every mutant of a module that has its change in one of `lines` and still compiles."""
    starts = [0]
    for one in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(one))
    tree = ast.parse(data)
    for node in _said(tree):
        if getattr(node, "lineno", 0) not in lines:
            continue
        for how, text in _ways(node):
            first, last = _span(node, starts)
            broken = data[:first] + text.encode() + data[last:]
            try:
                changed = ast.dump(ast.parse(broken)) != ast.dump(tree)
            except SyntaxError:
                continue
            if changed:
                yield Mutant(path, node.lineno, how, broken)  # type: ignore[attr-defined] # asked above


def _span(node: ast.AST, starts: list[int]) -> tuple[int, int]:
    first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined] # it has a place
    return starts[first - 1] + node.col_offset, starts[last - 1] + node.end_col_offset  # type: ignore[attr-defined] # likewise


def _said(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs: no annotations, no docstrings, no texts with code in them."""
    for name, value in ast.iter_fields(node):
        if name in _SILENT:
            continue
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, ast.AST) or isinstance(one, (ast.JoinedStr, ast.alias)):
                continue
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                continue
            yield one
            yield from _said(one)


def _ways(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each way to change a node, by its name and what is to stand in its place."""
    if isinstance(node, ast.Compare | ast.BoolOp | ast.BinOp):
        other = copy.deepcopy(node)
        held = other.ops if isinstance(other, ast.Compare) else [other.op]
        kind = _OTHER.get(type(held[0]))
        if kind is None:
            return
        if isinstance(other, ast.Compare):
            other.ops[0] = kind()  # type: ignore[call-overload] # a comparison for a comparison
        else:
            other.op = kind()  # type: ignore[assignment] # likewise
        yield f"{type(held[0]).__name__} is {kind.__name__}", f"({ast.unparse(other)})"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "no not", f"({ast.unparse(node.operand)})"
    elif isinstance(node, ast.Constant):
        yield from _values(node)
    elif isinstance(node, ast.Return) and node.value is not None:
        yield "returns None", "return None"
    elif isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Raise | ast.Delete):
        yield f"no {type(node).__name__}", "pass"


def _values(node: ast.Constant) -> Iterator[tuple[str, str]]:
    value = node.value
    if isinstance(value, bool):
        yield "another truth", repr(not value)
    elif isinstance(value, int | float):
        yield "another number", f"({value!r} + 1)"
    elif isinstance(value, str):
        yield "another text", repr("" if value else "x")
    elif isinstance(value, bytes):
        yield "another text", repr(b"" if value else b"x")
