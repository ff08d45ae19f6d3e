"""What coverage.py noted is read as it wrote it; anything else in its place is refused."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

import gitrepo
from accord.core.covering import beside, executes, placed
from accord.core.fingerprint import Mark
from accord.symbols import coverage
from accord.symbols.reading import read

FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": """\
from shop.price import total


class Cart:
    def pay(self):
        return total(2)

    def drop(self):
        return 0
""",
    "shop/price.py": "RATE = 2\n\n\ndef total(count):\n    return count * RATE\n",
    "tests/test_cart.py": """\
from shop.cart import Cart


def test_r1_1_pays():
    assert Cart().pay() == 4


def test_drops():
    assert Cart().drop() == 0
""",
    "branches.toml": "[tool.coverage.run]\nbranch = true\ndynamic_context = 'test_function'\n",
    "lines.toml": "[tool.coverage.run]\ndynamic_context = 'test_function'\n",
}
TESTS = [("R1.1", Mark("tests/test_cart.py", "test_r1_1_pays", ""))]


def ran(tmp_path: Path, config: str, files: dict[str, str] = FILES) -> bytes:
    gitrepo.write(tmp_path, files)
    command = [sys.executable, "-m", "coverage", "run", "--rcfile", config, "--source", ".",
               "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    return (tmp_path / ".coverage").read_bytes()


@pytest.mark.parametrize("config", ["lines.toml", "branches.toml"])
def test_a_criterion_is_told_what_its_tests_run_and_nothing_else(
    tmp_path: Path, config: str
) -> None:
    executed = placed(coverage.read_coverage(ran(tmp_path, config)), FILES)
    symbols = {one.path: read(one.path, FILES[one.path].encode()) or () for one in executed}

    found = executes(TESTS, executed, symbols)

    assert [(name, path, one.name) for name, path, one in found] == [
        ("R1.1", "shop/cart.py", "Cart.pay"),
        ("R1.1", "shop/price.py", "total"),
    ]


FIXTURE = {
    "shop/cart.py": "LIMIT = 3\n\n\nclass Cart:\n    size = LIMIT\n\n"
                    "    def __init__(self):\n        self.kept = 0\n\n"
                    "    def add(self, one=1): return one <= self.size\n\n"
                    "    def test_one(self):\n        return self\n\n"
                    "    def drop(self):\n        return 0\n",
    "shop/limits.py": "MOST = 1\n",
    "away/other.py": "AWAY = 1\n",
    "tests/test_cart.py": "import pytest\nimport away.other\nimport shop.limits\n"
                          "from shop.cart import Cart\n\n\n"
                          "@pytest.fixture\ndef cart():\n    return Cart().test_one()\n\n\n"
                          "def test_r1_1_adds(cart):\n    assert cart.add()\n",
    "lines.toml": FILES["lines.toml"],
}  # fmt: skip


def test_what_a_fixture_runs_and_a_module_sets_is_told_of_what_lies_where_tests_run(
    tmp_path: Path,
) -> None:
    executed = placed(coverage.read_coverage(ran(tmp_path, "lines.toml", FIXTURE)), FIXTURE)
    symbols = {one.path: read(one.path, FIXTURE[one.path].encode()) or () for one in executed}
    tests = [("R1.1", Mark("tests/test_cart.py", "test_r1_1_adds", ""))]

    found = executes(tests, executed, symbols)
    shared = beside({path for _, path, _ in found}, executed, symbols)

    assert [one.name for _, _, one in found] == ["Cart.add"]  # though it is one line long
    # Whatever is called like a test is none for that.
    names = ("LIMIT", "Cart", "Cart.__init__", "Cart.test_one")
    assert {(path, one.name) for path, one in shared} == {
        ("shop/limits.py", "MOST"), *(("shop/cart.py", name) for name in names)}  # fmt: skip


def made(*statements: str) -> bytes:
    base = sqlite3.connect(":memory:")
    for one in statements:
        base.execute(one)
    base.commit()
    data = base.serialize()
    base.close()
    return data


SCHEMA = (
    "CREATE TABLE file (id integer primary key, path text)",
    "CREATE TABLE context (id integer primary key, context text)",
    "CREATE TABLE line_bits (file_id integer, context_id integer, numbits blob)",
    "CREATE TABLE arc (file_id integer, context_id integer, fromno integer, tono integer)",
)
ENDLESS = """CREATE VIEW line_bits AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
SELECT i AS file_id, i AS context_id, i AS numbits FROM n"""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no database",
        b"SQLite format 3\0" + bytes(4096),
        made(*SCHEMA[:3]),
        made(*SCHEMA[:2], ENDLESS, SCHEMA[3]),
        made(*SCHEMA, "CREATE TRIGGER t AFTER INSERT ON file BEGIN DELETE FROM file; END"),
        made(*SCHEMA)[:5000],
        made(*SCHEMA[:2], SCHEMA[3], "CREATE VIRTUAL TABLE line_bits USING fts4(numbits)"),
    ],
)
def test_what_is_no_data_of_coverage_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="the coverage data"):
        coverage.read_coverage(data)


def test_values_of_other_kinds_are_left_out() -> None:
    data = made(
        *SCHEMA, "INSERT INTO file VALUES (1, 'a.py'), (2, x'ff')",
        "INSERT INTO context VALUES (1, 'test_a'), (2, '')",
        "INSERT INTO line_bits VALUES (1, 1, x'06'), (1, 2, x'ff'), (2, 1, x'ff'), (1, 1, 'text')",
        "INSERT INTO arc VALUES (1, 1, -1, 9), (1, 1, 'a', 4)",
    )  # fmt: skip

    found = coverage.read_coverage(data)

    assert [(one.path, one.context, sorted(one.lines)) for one in found if one.context] == [
        ("a.py", "test_a", [1, 2, 4, 9])
    ]


def test_more_data_than_anybody_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "LARGEST", 100)

    with pytest.raises(ValueError, match="more than 100 bytes"):
        coverage.read_coverage(made(*SCHEMA))


def test_a_join_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "_STEPS", 2000)
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000)"
    made_of = ("file", "'a' || i"), ("context", "'c' || i"), ("line_bits", "i, x'ff'")
    rows = [f"INSERT INTO {table} {numbers} SELECT i, {row} FROM n"  # noqa: S608 -- made here
            for table, row in made_of]  # fmt: skip

    with pytest.raises(ValueError, match="the coverage data cannot be read"):
        coverage.read_coverage(made(*SCHEMA, *rows))
