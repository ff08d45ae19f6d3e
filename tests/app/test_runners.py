"""Criteria are proven by the tests of any runner that writes JUnit, or prints what passed."""

import os
import shutil
import subprocess
from pathlib import Path

import gitrepo
from needing import need
from project import DOCUMENTS, Project

CART = """\
export function minutes(declined) {
  if (declined) {
    return 60;
  }
  return 0;
}
"""
TESTS = """\
import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { minutes } from "../shop/cart.mjs";

describe("Cart", () => {
  it("R1.1 keeps for an hour", () => assert.equal(minutes(true), 60));
  for (const way of ["mail", "page"]) {
    it(`R1.2 says until when by ${way}`, () => assert.ok(minutes));
  }
});
"""
NODE = "node --test --test-reporter=junit --test-reporter-destination=report.xml"
FILES = {"shop/cart.mjs": CART, "tests/cart.test.mjs": TESTS}


def use(project: Project, command: str, more: str = "") -> None:
    path = project.top / ".accord/config.toml"
    said = [f'command = "{command}"\n{more}' if one.startswith("command") else one
            for one in path.read_text().splitlines()]  # fmt: skip
    path.write_text("\n".join(said) + "\n")
    project.git("commit", "-qam", "Verify otherwise")


def released(project: Project) -> Project:
    use(project, NODE, 'reports = ["report.xml"]')
    project.approve_spec()
    result = project.build(files=FILES)
    assert result.exit == 0, result.said
    return project


def test_a_test_of_node_proves_what_its_title_names_and_goes_on_proving_it(
    project: Project,
) -> None:
    need(shutil.which("node") is not None, "node")
    released(project).ok("approve", "--yes")
    found = {one["criterion"]: one for one in project.show()["evidence"]["criteria"]}
    assert (found["R1.1"]["proof"], found["R1.1"]["broken"]) == ("proven", "noticed")
    assert "Cart > R1.1 keeps for an hour fails without" in found["R1.1"]["reason"]
    assert found["R1.2"]["broken"] == "survives"
    assert found["R1.2"]["reason"].startswith("'Cart.R1.2 says until when by ${way}' still passes")

    for _ in ("review", "release"):
        project.ok("approve", "--yes")
    project.ok("run", "guest")
    strict = CART.replace("if (declined)", "if (declined === true)")
    gitrepo.commit(project.top, {"shop/cart.mjs": strict})
    assert project.run("check", "--drift").exit == 1
    [finding] = project.run("check", "--run", "--json").json["findings"]
    assert finding["criterion"] == "R1.2"  # its test passes whatever the code does
    gitrepo.commit(project.top, {"shop/cart.mjs": CART.replace("60", "61")})
    found = project.run("check", "--run", "--json").json["findings"]
    stands = {one["criterion"]: one["standing"] for one in found}
    assert stands == {"R1.1": "broken", "R1.2": "stale"}


RUST = """\
pub fn minutes(declined: bool) -> u32 {
    if declined { BODY } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

TESTS}
"""
RUST_TESTS = """\
    #[test]
    fn r1_1_keeps_for_an_hour() {
        assert_eq!(minutes(true), 60);
    }

    #[test]
    fn r1_2_says_until_when() {
        assert_eq!(minutes(false), 0);
    }
"""
RUST_OLD = "    #[test]\n    fn is_so() {\n        assert_eq!(minutes(false), 0);\n    }\n"


def rust(project: Project) -> bool:
    """Put the compiler of Rust on the path, by its own folder; tell whether there is one."""
    found = shutil.which("rustc")
    if found is None:
        return False
    home = {**os.environ, "HOME": str(Path(found).parents[2])}  # where rustup keeps its own
    said = subprocess.run([found, "--print", "sysroot"], env=home, capture_output=True, text=True,
                          check=False).stdout.strip()  # fmt: skip
    project.monkeypatch.setenv("PATH", f"{said}/bin", prepend=os.pathsep)
    return Path(said, "bin/cargo").exists()


def test_a_test_of_rust_beside_the_code_is_laid_over_the_code_as_it_was(project: Project) -> None:
    need(rust(project), "cargo")
    package = '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n'
    lock = 'version = 4\n\n[[package]]\nname = "shop"\nversion = "0.1.0"\n'
    old = RUST.replace("BODY", "1").replace("TESTS", RUST_OLD)
    gitrepo.commit(project.top, {"Cargo.toml": package, "Cargo.lock": lock,
                                 "src/lib.rs": "pub mod cart;\n", "src/cart.rs": old,
                                 ".gitignore": "target/\n"})  # fmt: skip
    name, text = DOCUMENTS["architecture"]
    project.monkeypatch.setitem(DOCUMENTS, "architecture", (
        name, text.replace("Touches: shop/**", "Touches: src/**, shop/**")))  # fmt: skip
    use(project, "cargo test --offline")
    project.approve_spec()
    new = RUST.replace("BODY", "60").replace("TESTS", RUST_TESTS)
    result = project.build(files={"src/cart.rs": new})
    assert result.exit == 0, result.said
    project.ok("approve", "--yes")

    found = {one["criterion"]: one for one in project.show()["evidence"]["criteria"]}

    assert (found["R1.1"]["proof"], found["R1.1"]["broken"]) == ("proven", "noticed")
    assert found["R1.1"]["reason"].startswith(
        "src/lib.rs::cart::tests::r1_1_keeps_for_an_hour fails without the change"
    )
    assert found["R1.2"]["proof"] == "claimed"
    assert "its test passes without the change too" in found["R1.2"]["reason"]
