"""What a symbol says counts, how it is laid out does not, in each language that can be read."""

import pytest

from accord.core.fingerprint import Symbol
from accord.symbols.reading import read


def prints(path: str, text: str) -> dict[str, str]:
    found = read(path, text.encode())
    assert found is not None
    return {one.name: one.print for one in found}


def symbol(path: str, text: str, name: str) -> Symbol:
    return next(one for one in read(path, text.encode()) or () if one.name == name)


# Path, a text, the same in another form.
SAME = {
    "layout": ("a.py", "def f(a):\n    return g(a, 1)\n",
               "def f(\n    a,\n):\n\n    return g(\n        a,\n        1,\n    )\n"),
    "comments and docstrings": ("a.py", "def f(a):\n    return a\n",
                                'def f(a):\n    """Say."""\n    # why\n    return a  # so\n'),
    "annotations": ("a.py", "def f(a, b=1, *c):\n    d = a\n    return d\n",
                    "def f(a: int, b: int = 1, *c: str) -> int:\n    d: int = a\n    return d\n"),
    "a bare annotation": ("a.py", "def f():\n    return 1\n",
                          "def f():\n    x: int\n    return 1\n"),
    "quotes and prefixes": ("a.py", "X = ['it\\'s', 'a', r'b', 0XFF]\n",
                            'X = ["it\'s", "a", "b", 0xff]\n'),
    "strings beside one another": ("a.py", "X = 'ab' 'cd'\n", 'X = (\n    "a"\n    "bcd"\n)\n'),
    "bytes beside one another": ("a.py", "X = b'a\\r\\n' b'b'\n", "X = b'a\\r\\nb'\n"),
    "parentheses that say nothing": ("a.py", "def f(a, b):\n    return (a and b) or (a.c).d\n",
                                     "def f(a, b):\n    return a and b or a.c.d\n"),
    "parentheses of a tuple": ("a.py", "for a, b in c():\n    d()\n",
                               "for (a, b) in c():\n    d()\n"),
    "the order of imports": ("a.py", "import a\nimport b\nX = 1\n",
                             "import b\nimport a\n\nX = 1\n"),
    "local names": ("a.py", "def f(a):\n    b = a.b\n    return g(b, b=1)\n",
                    "def f(a):\n    c = a.b\n    return g(c, b=1)\n"),
    "elif": ("a.py", "if a:\n    b()\nelif c:\n    d()\nelse:\n    e()\n",
             "if a:\n    b()\nelse:\n    if c:\n        d()\n    else:\n        e()\n"),
    "a local name that a type has as well": (
        "a.py", "def f(a):\n    t = a.b\n    return t\n",
        "def f(a: t.A) -> t.B:\n    t = a.b\n    return t\n"),
    "an empty list of bases": ("a.py", "class A:\n    x = 1\n", "class A():\n    x = 1\n"),
    "javascript": ("a.js", "import b from 'b'\nfunction f(a) { return g(a, 'x') }\n",
                   "// why\nfunction f(a) {\n  return (g(a, \"x\",));\n}\n"),
    "javascript arrows": ("a.js", "const f = x => x + 1\n", "const f = (x) => x + 1;\n"),
    "typescript": ("a.ts", "export function f(a, b = 1) { return a as string }\n",
                   "type T = string;\nexport function f(a: T, b: number = 1): T { return a; }\n"),
    "typescript methods": ("a.ts", "class A { f(a) { return a! } }\n",
                           "class A {\n  public f(a: string): string { return a; }\n}\n"),
    "typescript exports of types": (
        "a.ts", "interface A { b: string }\nexport const x = 1\nexport {x}\n",
        "export type C = A\nexport type {D} from 'd'\nexport const x = 1\nexport {x, type C}\n"),
    "typescript marks": (
        "a.ts", "class A { b = 1; f(a) { return a } }\n",
        "class A { readonly b: number = 1; f(a?: string) { return a } }\n"),
    "typescript shorthands": (
        "a.ts", "function f(a) { const {b} = a; return {a, b} }\n",
        "function f(a: A) { const {b: b} = a; return {a: a as B, b}; }\n"),
    "go": ("a.go", 'package a\nimport "b"\nfunc F(a int) int { return g(a) }\n',
           "package a\n\n// F does.\nfunc F(a int) int {\n\treturn (g(\n\t\ta,\n\t))\n}\n"),
    "java": ("A.java", "import b.C;\nclass A { int f(int a) { return a; } }\n",
             "class A {\n  /** Says. */\n  int f(int a) {\n    return (a); // so\n  }\n}\n"),
    "rust": ("a.rs", "use b::c;\nfn f(a: u8) -> u8 { g(a, 1) }\n",
             "/// Says.\nfn f(\n    a: u8,\n) -> u8 {\n    g(a, 1,)\n}\n"),
}  # fmt: skip

# Path, a text, what does something else, the symbol that must tell.
OTHER = {
    "a constant": ("a.py", "X = 1\n", "X = 2\n", "X"),
    "a string": ("a.py", "def f():\n    return 'a '\n", "def f():\n    return 'a'\n", "f"),
    "a raw string": ("a.py", "X = '\\n'\n", "X = r'\\n'\n", "X"),
    "bytes": ("a.py", "X = 'a'\n", "X = b'a'\n", "X"),
    "bytes without any": ("a.py", "X = ''\n", "X = b''\n", "X"),
    "what a format shows": ("a.py", "X = f'{a:>3}'\n", "X = f'{a:>4}'\n", "X"),
    "a decorator": ("a.py", "@a\ndef f(): pass\n", "@b\ndef f(): pass\n", "f"),
    "a default": ("a.py", "def f(a: int = 1): pass\n", "def f(a: int = 2): pass\n", "f"),
    "a base class": ("a.py", "class A(B): pass\n", "class A(C): pass\n", "A"),
    "a field": ("a.py", "class A:\n    x: int\n", "class A:\n    y: int\n", "A"),
    "a statement of the module": ("a.py", "go()\n", "stop()\n", "<module>"),
    "parentheses that say something": ("a.py", "X = (a + b) * c\n", "X = a + b * c\n", "X"),
    "the reach of a block": ("a.py", "def f(a):\n    if a:\n        b()\n        c()\n",
                             "def f(a):\n    if a:\n        b()\n    c()\n", "f"),
    "two statements for one": ("a.py", "def f(a):\n    a\n    -b\n",
                               "def f(a):\n    a - b\n", "f"),
    "a tuple of one": ("a.py", "X = (a,)\n", "X = (a)\n", "X"),
    "another local name": ("a.py", "def f(a):\n    b, c = a\n    return b - c\n",
                           "def f(a):\n    b, c = a\n    return c - b\n", "f"),
    "a name that others give": ("a.py", "def f(a):\n    return a\n",
                                "def f(b):\n    return b\n", "f"),
    "an import within": ("a.py", "def f():\n    from a import g\n    g()\n",
                         "def f():\n    from b import g\n    g()\n", "f"),
    "javascript": ("a.js", "function f(a) { return a === 1 }\n",
                   "function f(a) { return a == 1 }\n", "f"),
    "javascript values": ("a.js", "export const X = 1\n", "export const X = 2\n", "X"),
    "javascript statements": ("a.js", "function f() { a; (b) }\n", "function f() { a (b) }\n", "f"),
    "typescript decorators": ("a.ts", "class A { @a f() {} }\n", "class A { @b f() {} }\n", "A.f"),
    "typescript members": ("a.ts", "enum A { B = 1 }\n", "enum A { B = 2 }\n", "A"),
    "go": ("a.go", "package a\nfunc (c *C) F() int { return 1 }\n",
           "package a\nfunc (c *C) F() int { return 2 }\n", "C.F"),
    "go values": ("a.go", "package a\nconst X = 1\n", "package a\nconst X = 2\n", "X"),
    "java annotations": ("A.java", "class A { @B void f() {} }\n",
                         "class A { @C void f() {} }\n", "A.f"),
    "java fields": ("A.java", "class A { int x = 1; }\n", "class A { int x = 2; }\n", "A"),
    "rust": ("a.rs", "impl A { fn f() -> u8 { g() } }\n",
             "impl A { fn f() -> u8 { g(); } }\n", "A.f"),
    "rust attributes": ("a.rs", "#[a]\nfn f() {}\n", "#[b]\nfn f() {}\n", "f"),
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_another_form_of_the_same_has_the_same_prints(case: str) -> None:
    path, one, other = SAME[case]
    assert prints(path, one)
    assert prints(path, one) == prints(path, other)


@pytest.mark.parametrize("case", OTHER)
def test_what_does_something_else_has_another_print(case: str) -> None:
    path, one, other, name = OTHER[case]
    assert prints(path, one)[name] != prints(path, other).get(name)


def test_a_renamed_symbol_keeps_its_print() -> None:
    one = symbol("a.py", "def f(a):\n    return f(a - 1) if a else 0\n", "f")
    other = symbol("a.py", "def g(a):\n    return g(a - 1) if a else 0\n", "g")
    assert one.print == other.print


@pytest.mark.parametrize(
    ("call", "is_itself"),
    [("self", True), ("cls", True), ("super()", False), ("self.other", False), ("a", False)],
)
def test_a_method_of_the_same_name_is_the_same_only_on_the_same_object(
    call: str, *, is_itself: bool
) -> None:
    text = f"class A:\n    def f(self, a):\n        return {call}.f(a)\n"
    one = symbol("a.py", text, "A.f")
    other = symbol("a.py", text.replace("f(", "g("), "A.g")
    assert (one.print == other.print) is is_itself


def test_methods_are_no_part_of_their_class_and_a_second_bearer_has_a_number() -> None:
    text = "class A:\n    @p\n    def x(self): pass\n\n    @x.setter\n    def x(self, v): go(v)\n"
    found = prints("a.py", text)
    assert list(found) == ["A", "A.x", "A.x#2"]
    assert found["A"] == prints("a.py", text.replace("go", "stop"))["A"]


def test_an_overload_is_an_annotation_of_the_definition_after_it() -> None:
    plain = "class A:\n    def f(self, a):\n        return a\n"
    typed = (
        "import typing as t\nfrom typing import overload\n\n\nclass A:\n"
        "    @t.overload\n    def f(self, a: int) -> int: ...\n"
        "    @overload  # of typing\n    def f(self, a: str) -> str:\n        ...\n"
        "    def f(self, a):\n        return a\n"
    )

    assert prints("a.py", typed) == prints("a.py", plain)
    assert [one.first for one in read("a.py", typed.encode()) or () if one.name == "A.f"] == [11]


def test_a_definition_below_a_condition_is_a_symbol_with_its_lines() -> None:
    found = symbol("a.py", "if a:\n    @b\n    def f():\n        return 1\n", "f")
    assert (found.first, found.last) == (2, 4)


def test_other_files_have_no_symbols_and_broken_ones_do_no_harm() -> None:
    assert read("a.rb", b"def f; end") is None
    assert read("a.py", b"def f(:\n  \xff\x00 return") is not None
