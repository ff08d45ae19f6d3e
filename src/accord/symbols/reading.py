"""Take a file of code apart into its symbols."""

from collections import Counter

from attrs import define, field
from tree_sitter import Node

from accord.core.fingerprint import MODULE, Symbol
from accord.symbols import languages, titles
from accord.symbols.languages import PYTHON, PYTHON_INSIDE, Language
from accord.symbols.normal import Normal, Tokens, text
from accord.symbols.python import PythonNormal, local_names

LARGEST = 2 * 2**20
_SELF = "\x01"
_WRAPPERS = ("decorated_definition", "export_statement")


def read(path: str, data: bytes) -> tuple[Symbol, ...] | None:
    """Return the symbols of the file `data` at `path`, in the order of their lines.

    None where the language is not known, or the file is too large to be worth it. What a file
    does beside its symbols is the symbol `<module>`; without any it is left out.
    """
    language = languages.of(path)
    if language is None or len(data) > LARGEST:
        return None
    reading = _Reading(language)
    root = languages.parser(language).parse(data).root_node
    rest = reading.body(root.children, "", level=True)
    if rest:
        reading.add(MODULE, 1, root.end_point.row + 1, rest)
    return tuple(sorted(reading.found, key=lambda one: (one.first, -one.last)))


def node_of(root: Node, language: Language, name: str) -> Node | None:
    """Return the definition that is the symbol `name` in a parsed file, or None."""
    reading = _Reading(language)
    reading.body(root.children, "", level=True)
    return reading.nodes.get(name)


@define
class _Reading:
    """One file while it is read; symbols that share a name get numbers from the second on."""

    language: Language
    found: list[Symbol] = field(factory=list)
    names: Counter[str] = field(factory=Counter)
    nodes: dict[str, Node] = field(factory=dict)
    held: Tokens = field(factory=list)
    held_from: int = 0

    def add(
        self, name: str, first: int, last: int, tokens: Tokens, node: Node | None = None
    ) -> None:
        self.names[name] += 1
        number = self.names[name]
        own = name.rpartition(".")[2]
        normal = tuple(
            _SELF if one == own and _is_own(tokens, at) else one for at, one in enumerate(tokens)
        )
        unique = name if number == 1 else f"{name}#{number}"
        self.found.append(Symbol(unique, first, last, normal))
        if node is not None:
            self.nodes[unique] = node

    def body(self, nodes: list[Node], prefix: str, *, level: bool) -> Tokens:
        """Return the tokens of `nodes` without the symbols in them, which are added."""
        out: Tokens = []
        writer = self._writer(lambda node: self.symbol(node, prefix, level=level))
        for node in nodes:
            writer.write(node, out)
        return out

    def symbol(self, node: Node, prefix: str, *, level: bool) -> bool:
        """Add the symbol that `node` is and return True; else return False."""
        kind, language = node.type, self.language
        if kind in language.attached:
            self.held_from = self.held_from or node.start_point.row + 1
            self._writer(None).write(node, self.held)
            return True
        inner = _unwrapped(node)
        kind = inner.type
        if kind in language.functions and language is PYTHON and _is_overload(node):
            return True  # it is an annotation of the definition after it, and does nothing
        if kind in language.functions:
            self._function(node, inner, prefix)
        elif kind in language.classes:
            self._class(node, inner, prefix)
        elif kind in language.spaces:
            name = inner.child_by_field_name("name")
            body = inner.child_by_field_name("body")
            below = f"{prefix}{text(name) if name else '?'}."
            rest = self.body(body.children if body else [], below, level=True)
            if set(rest) - {"{", "}", ";"}:
                self.add(f"{below}{MODULE}", *_lines(node), rest)
        elif level and kind in language.values and node.type not in _WRAPPERS:
            return self._value(inner, prefix)
        elif kind == "expression_statement" and (said := titles.of(node, language)):
            self._titled(node, said, prefix)
        else:
            return False
        return True

    def _titled(self, node: Node, said: titles.Titled, prefix: str) -> None:
        """Add a test that is a call with a title; a group of tests is without those in it."""
        name = prefix + said.title
        tokens, first = self._prefixed(node)
        if said.body is None:
            self._writer(None).write(node, tokens)
        else:
            tokens += self.body(said.body.children, f"{name}.", level=False)
        self.add(name, first, node.end_point.row + 1, tokens)

    def _function(self, node: Node, inner: Node, prefix: str) -> None:
        name = prefix + _receiver(inner) + _name(inner)
        writer = self._writer(None)
        if isinstance(writer, PythonNormal):
            writer.language, writer.in_function = PYTHON_INSIDE, True
            writer.locals = local_names(inner)
        tokens, first = self._prefixed(node)
        writer.write(node, tokens)
        self.add(name, first, node.end_point.row + 1, tokens, inner)

    def _class(self, node: Node, inner: Node, prefix: str) -> None:
        name = prefix + _name(inner)
        tokens, first = self._prefixed(node)
        parts = [one for one in node.children if one != inner] if node != inner else []
        writer = self._writer(None)
        for part in parts:
            writer.write(part, tokens)
        tokens += self.body(inner.children, f"{name}.", level=False)
        self.add(name, first, node.end_point.row + 1, tokens, inner)

    def _value(self, node: Node, prefix: str) -> bool:
        target = node.child_by_field_name("left" if self.language is PYTHON else "name")
        plain = target is not None and target.type in ("identifier", "type_identifier")
        if not plain or target is None:
            return False
        if self.language is PYTHON and node.child_by_field_name("right") is None:
            return False
        tokens, first = self._prefixed(node)
        self._writer(None).write(node, tokens)
        self.add(prefix + text(target), first, node.end_point.row + 1, tokens, node)
        return True

    def _prefixed(self, node: Node) -> tuple[Tokens, int]:
        """Return what was held for the next symbol, and the line that it begins on."""
        tokens, first = self.held, self.held_from or node.start_point.row + 1
        self.held, self.held_from = [], 0
        return tokens, first

    def _writer(self, divert: "object") -> Normal:
        kind = PythonNormal if self.language is PYTHON else Normal
        return kind(self.language, divert)  # type: ignore[arg-type] # a callable or None


def _is_own(tokens: Tokens, at: int) -> bool:
    """Tell whether the name at `at` means the symbol itself: `super().f` and `other.f` do not."""
    if tokens[max(0, at - 1) : at] not in (["."], ["?."]):
        return True
    return tokens[max(0, at - 2) : at - 1] in (["self"], ["cls"], ["this"])


def _unwrapped(node: Node) -> Node:
    """Return the definition that is decorated or exported, else the node itself."""
    if node.type == "decorated_definition":
        return node.child_by_field_name("definition") or node
    if node.type == "export_statement":
        found = node.child_by_field_name("declaration")
        held = found is not None and found.type not in ("lexical_declaration",
                                                        "variable_declaration")  # fmt: skip
        return found if found is not None and held else node
    return node


def _is_overload(node: Node) -> bool:
    """Tell whether a definition is decorated with `@overload`, of `typing` under whatever name."""
    said = (one.named_children[0] for one in node.children if one.type == "decorator")
    return any(text(one).rpartition(".")[2] == "overload" for one in said)


def _name(node: Node) -> str:
    found = node.child_by_field_name("name") or node.child_by_field_name("type")
    return text(found) if found is not None else "?"


def _receiver(node: Node) -> str:
    """Return `Cart.` for a method of Go on `Cart` or `*Cart`."""
    receiver = node.child_by_field_name("receiver")
    if receiver is None:
        return ""
    waiting = [receiver]
    while waiting:
        one = waiting.pop(0)
        if one.type == "type_identifier":
            return f"{text(one)}."
        waiting += one.named_children
    return ""


def _lines(node: Node) -> tuple[int, int]:
    return node.start_point.row + 1, node.end_point.row + 1
