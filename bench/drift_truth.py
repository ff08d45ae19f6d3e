"""What really changed in a function, judged by Python's own `ast` and by nothing of Accord's."""

import ast
from collections.abc import Iterator
from functools import cache

from attrs import frozen

LINES = 4
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@frozen
class Function:
    """One function: its lines, what it does, and what its text and its annotations say as well.

    `does` is the same for two functions that differ in layout, docstrings, annotations, local
    names and their own name alone; `spelled` keeps the local names, `typed` the annotations too.
    """

    first: int
    last: int
    text: str
    does: str
    spelled: str
    typed: str


def functions(source: bytes) -> dict[str, Function]:
    """Map the qualified name of each function of a module to what it is; {} where it cannot be
    parsed. A name's second bearer is `name#2`.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return {}
    lines = source.decode(errors="replace").splitlines()
    found: dict[str, Function] = {}
    for name, node in definitions(tree):
        if node.end_lineno is None:
            continue
        number, unique = 2, name
        while unique in found:
            unique, number = f"{name}#{number}", number + 1
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        last = node.end_lineno
        said = "\n".join(lines[first - 1 : last])
        found[unique] = Function(first, last, said, *_forms(said, name))
    return found


def definitions(
    tree: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield each function with its qualified name, those below a condition included."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, _DEFINITIONS):
            if not any(map(_is_overload, child.decorator_list)):
                yield f"{prefix}{child.name}", child
        elif isinstance(child, ast.ClassDef):
            yield from definitions(child, f"{prefix}{child.name}.")
        else:
            yield from definitions(child, prefix)


def _is_overload(node: ast.expr) -> bool:
    # What is decorated so is there for type checkers; the definition that counts comes after it.
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return bool(name == "overload")


@cache
def _forms(said: str, name: str) -> tuple[str, str, str]:
    # A method's lines are indented, so they are put below something.
    holder = ast.parse(f"if 1:\n{said}" if said[:1].isspace() else said).body[0]
    fresh = holder.body[0] if isinstance(holder, ast.If) else holder
    for one in ast.walk(fresh):
        if isinstance(one, ast.Constant):
            one.kind = None  # u"" is ""
    assert isinstance(fresh, _DEFINITIONS)
    typed = ast.dump(_Undocumented().visit(fresh))
    bare = _Untyped().visit(fresh)
    own, bare.name = name, "<own>"
    spelled = ast.dump(bare)
    return ast.dump(_Renamed(_locals(bare)).visit(bare)), f"{own} {spelled}", f"{own} {typed}"


class _Undocumented(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, (*_DEFINITIONS, ast.ClassDef)):
            # A text by itself does nothing wherever it stands: first it documents the function,
            # further down what stands before it.
            node.body = [one for one in node.body if not _is_text(one)] or [ast.Pass()]
        return node


def _is_text(node: ast.stmt) -> bool:
    said = node.value if isinstance(node, ast.Expr) else None
    return isinstance(said, ast.Constant) and isinstance(said.value, str)


class _Untyped(ast.NodeTransformer):
    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if isinstance(node, _DEFINITIONS):
            node.returns = None
            node.body = node.body or [ast.Pass()]
        if isinstance(node, ast.arg):
            node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        return ast.Assign([node.target], node.value, lineno=0) if node.value else None


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: set[str]) -> None:
        self.names, self.seen = names, dict[str, str]()

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.names:
            node.id = self.seen.setdefault(node.id, f"%{len(self.seen)}")
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name in self.names:
            node.name = self.seen.setdefault(node.name, f"%{len(self.seen)}")
        self.generic_visit(node)
        return node


def _locals(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    bound = {
        one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
    bound |= {one.name for one in nodes if isinstance(one, ast.ExceptHandler) and one.name}
    kept = {one.arg for one in nodes if isinstance(one, ast.arg)}
    for one in nodes:
        if isinstance(one, ast.Global | ast.Nonlocal):
            kept |= set(one.names)
        if isinstance(one, ast.alias):
            kept.add((one.asname or one.name).partition(".")[0])
        if isinstance(one, (*_DEFINITIONS, ast.ClassDef)):
            kept.add(one.name)
    return bound - kept
