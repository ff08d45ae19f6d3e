"""Criteria are proven by the tests of any runner that writes JUnit, or prints what passed."""

import shutil

import gitrepo
from needing import need
from project import Project

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


def released(project: Project) -> Project:
    path = project.top / ".accord/config.toml"
    said = [f'command = "{NODE}"\nreports = ["report.xml"]' if one.startswith("command") else one
            for one in path.read_text().splitlines()]  # fmt: skip
    path.write_text("\n".join(said) + "\n")
    project.git("commit", "-qam", "Verify otherwise")
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
    assert "Cart > R1.1 keeps for an hour cannot even start without" in found["R1.1"]["reason"]
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
