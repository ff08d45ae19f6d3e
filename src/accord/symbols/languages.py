"""The languages whose symbols are known: which nodes of their grammars are what.

The names of nodes are those of the tree-sitter grammars (https://tree-sitter.github.io).
"""

import importlib
from functools import cache

from attrs import evolve, frozen
from tree_sitter import Language as Grammar
from tree_sitter import Parser


@frozen
class Language:
    """One language: its grammar, and what the nodes of the grammar stand for.

    `functions` are symbols whole, `classes` are symbols without the symbols in them, `values` are
    symbols at the top of a file or of a namespace; `spaces` only hold other symbols. `dropped` has
    no behaviour of its own; `attached` stands before the symbol that it belongs to.
    """

    name: str
    module: str
    entry: str
    functions: frozenset[str]
    classes: frozenset[str]
    values: frozenset[str]
    spaces: frozenset[str]
    dropped: frozenset[str]
    attached: frozenset[str] = frozenset()
    semicolons: bool = True


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


PYTHON = Language(
    "python", "tree_sitter_python", "language",
    _set("function_definition"), _set("class_definition"), _set("assignment"), frozenset(),
    _set("comment line_continuation import_statement import_from_statement "
         "future_import_statement pass_statement type type_parameter type_alias_statement"),
    semicolons=False,
)  # fmt: skip
# What a function imports for itself is part of what it does.
PYTHON_INSIDE = evolve(
    PYTHON, dropped=frozenset(one for one in PYTHON.dropped if not one.startswith("import_"))
)
_JS_FUNCTIONS = "function_declaration generator_function_declaration method_definition"
_JS_DROPPED = "comment import_statement hash_bang_line"
JAVASCRIPT = Language(
    "javascript", "tree_sitter_javascript", "language",
    _set(_JS_FUNCTIONS), _set("class_declaration"), _set("variable_declarator"), frozenset(),
    _set(_JS_DROPPED), _set("decorator"), semicolons=False,
)  # fmt: skip
_TYPES = (
    "type_annotation type_parameters type_arguments interface_declaration type_alias_declaration "
    "accessibility_modifier override_modifier ambient_declaration function_signature "
    "method_signature abstract_method_signature asserts_annotation type_predicate_annotation "
    "implements_clause index_signature"
)
TYPESCRIPT = Language(
    "typescript", "tree_sitter_typescript", "language_typescript",
    _set(_JS_FUNCTIONS), _set("class_declaration abstract_class_declaration enum_declaration"),
    _set("variable_declarator"), _set("internal_module module"),
    _set(f"{_JS_DROPPED} {_TYPES}"), _set("decorator"), semicolons=False,
)  # fmt: skip
TSX = Language(
    "tsx", "tree_sitter_typescript", "language_tsx", TYPESCRIPT.functions, TYPESCRIPT.classes,
    TYPESCRIPT.values, TYPESCRIPT.spaces, TYPESCRIPT.dropped, TYPESCRIPT.attached, semicolons=False,
)  # fmt: skip
GO = Language(
    "go", "tree_sitter_go", "language",
    _set("function_declaration method_declaration"), frozenset(),
    _set("const_spec var_spec type_spec type_alias"), frozenset(),
    _set("comment import_declaration package_clause"), semicolons=False,
)  # fmt: skip
JAVA = Language(
    "java", "tree_sitter_java", "language",
    _set("method_declaration constructor_declaration compact_constructor_declaration"),
    _set("class_declaration interface_declaration enum_declaration record_declaration "
         "annotation_type_declaration"),
    frozenset(), frozenset(),
    _set("line_comment block_comment import_declaration package_declaration"),
)  # fmt: skip
RUST = Language(
    "rust", "tree_sitter_rust", "language",
    _set("function_item macro_definition"), _set("impl_item trait_item"),
    _set("const_item static_item struct_item enum_item union_item type_item"),
    _set("mod_item foreign_mod_item"),
    _set("line_comment block_comment use_declaration extern_crate_declaration"),
    _set("attribute_item"),
)  # fmt: skip

SUFFIXES = {
    ".py": PYTHON, ".pyi": PYTHON,
    ".js": JAVASCRIPT, ".mjs": JAVASCRIPT, ".cjs": JAVASCRIPT, ".jsx": JAVASCRIPT,
    ".ts": TYPESCRIPT, ".mts": TYPESCRIPT, ".cts": TYPESCRIPT, ".tsx": TSX,
    ".go": GO, ".java": JAVA, ".rs": RUST,
}  # fmt: skip


def of(path: str) -> Language | None:
    """Return the language of the file at `path`, by the end of its name, or None."""
    name = path.rpartition("/")[2]
    return SUFFIXES.get(name[name.rfind(".") :]) if "." in name else None


@cache
def parser(language: Language) -> Parser:
    """Return the parser of a language; its grammar is loaded when it is first needed."""
    module = importlib.import_module(language.module)
    return Parser(Grammar(getattr(module, language.entry)()))
