"""A test that does less than before is found, whatever its language calls that."""

import pytest

from accord.core.weakening import weakened
from accord.symbols.reading import read

PY = "def test_a():\n    assert f() == 1\n    assert g() == 2\n"
JS = "test('a', () => {\n  expect(f()).toBe(1);\n  expect(g()).toEqual(2);\n});\n"
GO = ('package a\nfunc TestA(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Fatal("no")\n\t}\n'
      '\tif g() != 2 {\n\t\tt.Errorf("no")\n\t}\n}\n')  # fmt: skip
JAVA = "class ATest {\n  @Test void a() { assertEquals(1, f()); assertEquals(2, g()); }\n}\n"
RUST = "#[test]\nfn a() {\n    assert_eq!(f(), 1);\n    assert_eq!(g(), 2);\n}\n"
RAISES = "def test_a():\n    with pytest.raises(Late, match='an hour'):\n        f()\n"
CAUGHT = (
    "def test_a():\n    with pytest.raises(Late) as caught:\n        f()\n"
    "    assert 'an hour' in str(caught.value)\n"
)
UNIT = "class A(TestCase):\n    def test_a(self):\n        self.assertEqual(f(), 1)\n"

# Path, the text before, the text after, what is said of it.
WEAKER = {
    "python, gone": ("test_a.py", PY, "X = 1\n", "test_a is gone"),
    "python, one less": ("test_a.py", PY, PY.replace("    assert g() == 2\n", ""),
                         "test_a has 1 assertion less"),
    "python, none": ("test_a.py", PY, "def test_a():\n    f()  # assert f() == 1\n",
                     "test_a asserts nothing any more"),
    "python, emptied": ("test_a.py", PY, "def test_a():\n    pass\n",
                        "test_a asserts nothing any more"),
    "python, skipped": ("test_a.py", PY, f"@pytest.mark.skip\n{PY}", "test_a is skipped"),
    "python, to fail": ("test_a.py", PY, f"@pytest.mark.xfail(strict=False)\n{PY}",
                        "test_a is skipped"),
    "python, looser": ("test_a.py", PY, PY.replace("g() == 2", "g() >= 0"),
                       "test_a compares less strictly"),
    "python, the whole file": ("test_a.py", PY, f"pytestmark = pytest.mark.skip\n{PY}",
                               "pytestmark skips tests"),
    "python, any error": ("test_a.py", RAISES, RAISES.replace(", match='an hour'", ""),
                          "test_a has 1 assertion less"),
    "python, any words": ("test_a.py", CAUGHT, RAISES.replace("an hour", ".*"),
                          "test_a has 1 assertion less"),
    "python, another match": ("test_a.py", CAUGHT, RAISES.replace("Late, match='an hour'", "Late")
                              .replace("f()", "f(g(1, match='an hour'))"),
                              "test_a has 1 assertion less"),
    "unittest, looser": ("test_a.py", UNIT, UNIT.replace("assertEqual(f(), 1)", "assertTrue(f())"),
                         "A.test_a compares less strictly"),
    "unittest, the class": ("test_a.py", UNIT, f"@unittest.skip('later')\n{UNIT}", "A is skipped"),
    "javascript, gone": ("a.test.js", JS + JS.replace("'a'", "'b'"), JS, "b is gone"),
    "javascript, one less": ("a.test.js", JS, JS.replace("  expect(f()).toBe(1);\n", ""),
                             "a has 1 assertion less"),
    "javascript, skipped": ("a.test.js", JS, JS.replace("test(", "test.skip("), "a is skipped"),
    "javascript, left out": ("a.test.js", JS, JS.replace("test(", "xtest("), "a is skipped"),
    "typescript, looser": ("a.test.ts", JS, JS.replace("toBe(1)", "toBeTruthy()"),
                           "a compares less strictly"),
    "go, one less": ("a_test.go", GO, GO.replace('\t\tt.Errorf("no")\n', ""),
                     "TestA has 1 assertion less"),
    "go, skipped": ("a_test.go", GO, GO.replace("{\n\tif f", "{\n\tt.Skip()\n\tif f"),
                    "TestA is skipped"),
    "go, gone": ("a_test.go", GO, "package a\n", "TestA is gone"),
    "java, one less": ("ATest.java", JAVA, JAVA.replace("assertEquals(2, g()); ", ""),
                       "ATest.a has 1 assertion less"),
    "java, disabled": ("ATest.java", JAVA, JAVA.replace("@Test", "@Test @Disabled"),
                       "ATest.a is skipped"),
    "java, gone": ("ATest.java", JAVA, "class ATest {}\n", "ATest.a is gone"),
    "rust, ignored": ("tests/a.rs", RUST, RUST.replace("#[test]", "#[test]\n#[ignore]"),
                      "a is skipped"),
    "rust, one less": ("tests/a.rs", RUST, RUST.replace("    assert_eq!(g(), 2);\n", ""),
                       "a has 1 assertion less"),
    "rust, gone": ("tests/a.rs", RUST, "fn b() {}\n", "a is gone"),
}  # fmt: skip

AS_STRONG = {
    "layout": ("test_a.py", PY, PY.replace("f() == 1", "f( ) == 1  # one")),
    "one more": ("test_a.py", PY, f"{PY}    assert h()\n"),
    "another value": ("test_a.py", PY, PY.replace("== 2", "== 3")),
    "words of an error": ("test_a.py", CAUGHT, RAISES),
    "words of an error, by hand": ("test_a.py", RAISES, CAUGHT),
    "a new name": ("test_a.py", PY, PY.replace("test_a", "test_b")),
    "a new test that is skipped": (
        "test_a.py",
        PY,
        f"{PY}\n@pytest.mark.skip\ndef test_b(): f()\n",
    ),
    "no longer skipped": ("test_a.py", f"@pytest.mark.skip\n{PY}", PY),
    "javascript": ("a.test.js", JS, JS + JS.replace("'a'", "'b'")),
    "go": ("a_test.go", GO, GO.replace("!= 2", "!= 3")),
    "java": ("ATest.java", JAVA, JAVA.replace("2, g()", "3, g()")),
    "rust": ("tests/a.rs", RUST, RUST.replace("g(), 2", "g(), 3")),
}


def said(path: str, before: str, after: str) -> list[str]:
    was, now = (read(path, one.encode()) or () for one in (before, after))
    return [f"{one.test} {one.words}" for one in weakened(path, was, now)]


@pytest.mark.parametrize("case", WEAKER)
def test_a_test_that_does_less_is_found(case: str) -> None:
    path, before, after, words = WEAKER[case]

    assert said(path, before, after) == [words]


@pytest.mark.parametrize("case", AS_STRONG)
def test_a_test_that_does_as_much_is_not(case: str) -> None:
    assert said(*AS_STRONG[case]) == []


def test_a_test_that_went_to_another_file_is_not_gone() -> None:
    was = read("test_a.py", PY.encode()) or ()

    assert weakened("test_a.py", was, (), [was[0].print]) == ()
    assert weakened("test_a.py", was, ())[0].words == "is gone"
