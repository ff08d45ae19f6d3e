"""Code broken on purpose still parses, and does something else, in each language that is known."""

import os
import pwd
import subprocess
from pathlib import Path
from shutil import which

import pytest

from accord.core.breakage import How
from accord.symbols.breaking import breakages
from accord.symbols.reading import read

# Path, a text, a symbol in it, and the line that each breakage leaves in place of another.
BROKEN = {
    "python": ("a.py", "def f(a):\n    if a:\n        return 1\n    return 2\n", "f",
               ['raise RuntimeError("broken on purpose")', "if not (a):", "        return None",
                "\n    return None", "    return\n    if a:"]),
    "python with a docstring": ("a.py", 'def f():\n\t"""Say."""\n\tfor a in b:\n\t\tc()\n', "f",
                                ['\traise RuntimeError("broken on purpose")',
                                 "\treturn\n\tfor", "\t\tpass\n"]),
    "python with a docstring alone": ("a.py", 'def f():\n    """Say."""\n', "f",
                                      ['"""Say."""; raise RuntimeError("broken on purpose")',
                                       '"""Say."""; return']),
    "python in one line": ("a.py", "def f(): return 1\n", "f",
                           ['def f(): raise RuntimeError("broken on purpose"); return 1',
                            "def f(): return None", "def f(): return; "]),
    "python method": ("a.py", "class A:\n    @b\n    def f(self):\n        return self.a > 1\n",
                      "A.f", ["raise RuntimeError", "return not (self.a > 1)", "return None",
                       "        return\n"]),
    "python without a value": ("a.py", "def f(a):\n    if a:\n        return\n    return None\n",
                               "f", ["raise ", "if not (a):", "    return\n    if a:"]),
    "python pair": ("a.py", "def f(a):\n    return a, 1\n", "f",
                    ["raise ", "return None\n", "    return\n"]),
    "python choices": ("a.py", "def f(a):\n    while a:\n        return 1 if a else 2\n", "f",
                       ["raise ", "while not (a):", "return 1 if not (a) else 2", "return None",
                        "    return\n    while"]),
    "python constant": ("a.py", "MINUTES = 60\n", "MINUTES", ["MINUTES = (60 + 1)"]),
    "python class": ("a.py", "class A:\n    a: bool = True\n    b = 'c'\n    def f(self): pass\n",
                     "A", ["a: bool = False", 'b = ""']),
    "python that returns nothing": (
        "a.py",
        "async def f(a):\n    a.b()\n    await c()\n    a.d = e\n    a[0] += 1\n    g = a.h()\n",
        "f", ["raise ", "    return\n    a.b", "    pass\n    await", "    pass\n    a.d",
              "    pass\n    a[0]", "    pass\n    g"]),
    "python generator": ("a.py", "def f():\n    g((yield 1))\n    a: int\n    b.c: int\n", "f",
                         ["raise ", "    return\n"]),
    "javascript that returns nothing": (
        "a.js", "async function f(a) { a.b(); await c(); a.d = 1; a[0] += 1; let e = g(); }\n", "f",
        ["throw ", "{ return; a.b", "if (false) a.b();", "if (false) await c();",
         "if (false) a.d = 1;", "if (false) a[0] += 1;"]),
    "javascript constructor": ("a.js", "class A extends B { constructor() { super(1); } }\n",
                               "A.constructor", ["throw ", "{ return; super"]),
    "go that returns nothing": (
        "a.go", "package a\n\nfunc F() {\n\ta.B()\n\tc.d = 1\n\te := f()\n\tpanic(e)\n}\n", "F",
        ['{ panic("broken', "if true { return };", "if false { a.B() }", "if false { c.d = 1 }"]),
    "java that returns nothing": (
        "A.java", "class A { void f() { a.b(); d[0] = 1; this.e = 2; System.exit(1); } }\n", "A.f",
        ["throw ", "if (true) return;", "if (false) a.b();", "if (false) d[0] = 1;",
         "if (false) System.exit(1);"]),
    "rust that returns nothing": (
        "a.rs", "fn f() { a.b(); c()?; self.d = 1; println!(); std::process::exit(1); }\n", "f",
        ["panic!", "if true { return; }", "if false { a.b(); }", "if false { c()?; }",
         "if false { self.d = 1; }"]),
    "javascript": ("a.js", "function f(a) {\n  if (a) { return 1; }\n  return a === 2;\n}\n", "f",
                   ['function f(a) { throw new Error("broken on purpose");', "if (!(a)) {",
                    "return !(a === 2);", "{ return undefined; }", "  return undefined;\n",
                    "{ return;\n"]),
    "javascript arrow": ("a.js", "const f = (a) => a + 1;\n", "f",
                         ['const f = (a) => { throw new Error("broken on purpose"); };',
                          "=> { return; };"]),
    "javascript constant": ("a.js", "const a = { b: true };\n", "a", ["const a = { b: false };"]),
    "typescript": ("a.ts", "class A {\n  f(a: number): number {\n    return a ? 1 : 2;\n  }\n}\n",
                   "A.f", ["{ throw new Error(", "return !(a) ? 1 : 2;", "return undefined;",
                           "{ return;\n"]),
    "tsx": ("a.tsx", "export const F = () => <p>hi</p>;\n", "F",
            ["=> { throw new Error(", "=> { return; };"]),
    "go": ("a.go", ("package a\n\nfunc F(a int) bool {\n\tif a > 1 {\n\t\treturn false\n\t}\n"
           "\treturn a == 1\n}\n"), "F",
           ['{ panic("broken on purpose");', "if !(a > 1) {", "return !(a == 1)"]),
    "go constant": ("a.go", "package a\n\nconst A = 60\n", "A", ["const A = (60 + 1)"]),
    "java": ("A.java", "class A {\n  int f(int a) {\n    if (a > 1) return 1;\n  }\n}\n",
             "A.f", ["{ if (true) throw new RuntimeException(", "if (!(a > 1)) return 1;"]),
    "java constructor": ("A.java", "class A extends B {\n  A() { super(1); }\n}\n", "A.A",
                         ["super(1); if (true) throw new RuntimeException("]),
    "rust": ("a.rs", ("fn f(a: u8) -> bool {\n    if a > 1 { return false; }\n"
             "    if let Some(b) = c { d(); }\n    true\n}\n"), "f",
             ['{ panic!("broken on purpose");', "if !(a > 1) {", "{ if false { d(); } }"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_each_breakage_is_the_splice_that_it_says(case: str) -> None:
    path, text, name, lines = BROKEN[case]

    found = breakages(path, text.encode(), name, 9)

    assert len(found) == len(lines)
    for one, line in zip(found, lines, strict=True):
        assert line in one.data.decode()
        assert line not in text


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_has_another_fingerprint(case: str) -> None:
    path, text, name, _ = BROKEN[case]
    prints = {one.name: one.print for one in read(path, text.encode()) or ()}

    for broken in breakages(path, text.encode(), name, 9):
        now = {one.name: one.print for one in read(path, broken.data) or ()}
        assert now.keys() == prints.keys()
        assert now[name] != prints[name]
        assert {one for one in prints if prints[one] != now[one]} == {name}


def test_the_python_that_raises_is_python() -> None:
    for path, text, name, _ in BROKEN.values():
        for one in breakages(path, text.encode(), name, 9):
            if path == "a.py":
                compile(one.data, path, "exec")


def test_the_plainest_way_comes_first_and_no_more_than_was_asked_for() -> None:
    text = b"def f(a):\n    if a:\n        return 1\n    if a > 1:\n        return 2\n"

    assert [one.how for one in breakages("a.py", text, "f", 2)] == [How.RAISES, How.NEGATED]
    assert breakages("a.py", text, "g", 2) == ()
    assert breakages("a.txt", text, "f", 2) == ()
    assert breakages("a.py", text, "f", 1)[0].words == "f() raises"
    assert breakages("a.py", text, "f", 9)[-2].words == "f() returns nothing in line 5"
    assert breakages("a.py", text, "f", 9)[-1].words == "f() does nothing"
    left_out = breakages("a.py", b"def f():\n    g()\n", "f", 9)[-1]
    assert left_out.words == "line 2 of a.py is left out"


def test_a_file_that_cannot_be_parsed_is_broken_no_worse() -> None:
    assert breakages("a.py", b"def f(:\n", "f", 2) == ()


COMPILED = {
    "a.rs": (["rustc", "--edition", "2021", "--emit=metadata", "-o", "a.rmeta"], """\
pub const LIMIT: u32 = 60;
pub fn later(a: Option<u32>) -> impl Iterator<Item = u32> {
    if let Some(b) = a { while b > 100 { break; } }
    (0..3).map(|a| if a > 1 { a } else { 0 })
}
pub fn put(mut a: Vec<u32>) -> Result<u32, String> {
    check(&a)?;
    a[0] = 1;
    a.push(2);
    if a.len() > 9 { std::process::exit(1); }
    drop(a);
    Ok(1)
}
fn check(a: &[u32]) -> Result<(), String> { Err(format!("{}", a.len())) }
fn main() { println!("{}", later(None).count() > 0); }
"""),
    "A.java": (["javac", "-d", "out"], """\
import java.util.ArrayList;
class A extends ArrayList<String> {
  final int x;
  A(int x) { super(x); this.x = x; }
  int later(int a) { while (x > 3) { break; } return x == 2 ? a : 4; }
  int put(int[] a) {
    try { Thread.sleep(1); } catch (InterruptedException e) { add("late"); }
    a[0] = 1;
    return a[0];
  }
}
"""),
    "a.js": (["node", "--check"], """\
class A { static async *later(n) { while (n > 0) { yield n--; } return n === 0; } }
class B extends A { constructor() { super(); this.a = 1; this.b(); } b() { this.c[0] += 1; } }
const LIMIT = async (a) => ({ b: a > 1 ? a : [] });
"""),
    "a.go": (["go", "build", "-o", "out"], """\
package main

import "os"

func later(a int) bool {
\tif a > 1 {
\t\tos.Exit(a)
\t}
\treturn a == 0
}

func main() { later(1) }
"""),
}  # fmt: skip


@pytest.mark.parametrize("path", COMPILED)
def test_what_is_broken_compiles(path: str, tmp_path: Path) -> None:
    command, text = COMPILED[path]
    if which(command[0]) is None:  # no toolchain is asked of whoever works on this
        pytest.skip(f"{command[0]} is missing")
    # A toolchain may lie in the person's own home, and some tests have another one.
    home = {**os.environ, "HOME": pwd.getpwuid(os.getuid()).pw_dir}
    names = [one.name for one in read(path, text.encode()) or ()]
    found = [each for name in names for each in breakages(path, text.encode(), name, 9)]

    assert len(found) >= len(COMPILED)
    for one in found:
        (tmp_path / path).write_bytes(one.data)
        done = subprocess.run(
            [*command, path], cwd=tmp_path, env=home, capture_output=True, check=False
        )
        assert done.returncode == 0, (done.stderr, one.data)
