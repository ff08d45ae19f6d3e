"""Refuse modules, functions and `__init__` files that have grown past what one reading can hold.

Exit status 0 when every file is within its cap, 1 with one line per breach otherwise.
"""

import ast
import sys
from pathlib import Path

MODULE_LINES = 400
FUNCTION_LINES = 50
INIT_LINES = 40


def breaches(path: Path) -> list[str]:
    """Return one sentence for each cap that the Python file at `path` breaks."""
    text = path.read_text(encoding="utf-8")
    lines = len(text.splitlines())
    cap = INIT_LINES if path.name == "__init__.py" else MODULE_LINES
    found = [f"{path}: {lines} lines, the cap is {cap}"] if lines > cap else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
            if length > FUNCTION_LINES:
                found.append(
                    f"{path}:{node.lineno}: {node.name} has {length} lines, "
                    f"the cap is {FUNCTION_LINES}"
                )
    return found


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node, clean=False) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def main() -> int:
    """Check every Python file of the project; print the breaches."""
    files = [
        path for room in ("src", "tests", "tools", "bench") for path in Path(room).rglob("*.py")
    ]
    found = [line for path in sorted(files) for line in breaches(path)]
    print("\n".join(found) if found else f"size caps: {len(files)} files within their caps")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
