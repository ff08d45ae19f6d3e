"""What `openspec validate` says and what Accord says of the same text, case by case."""

import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

import openspec_tool
from accord.formats import openspec_grammar as grammar
from accord.formats import openspec_rules

PURPOSE = "## Purpose\nThe cart of a shopper is kept while the shopper is away for a while.\n\n"
SCENARIO = "#### Scenario: Away\n- **WHEN** a\n- **THEN** b\n"
KEPT = f"### Requirement: Kept cart\nThe shop SHALL keep the cart.\n\n{SCENARIO}\n"
TOLD = f"### Requirement: Told time\nThe shop MUST say until when.\n\n{SCENARIO}\n"
GOOD = f"# Cart Specification\n\n{PURPOSE}## Requirements\n\n{KEPT}{TOLD}"

SPECS = {
    "good": GOOD,
    "crlf": GOOD.replace("\n", "\r\n"),
    "bom": "\ufeff" + GOOD,
    "empty": "",
    "no-purpose": GOOD.replace("## Purpose", "## Aim"),
    "no-words-in-purpose": GOOD.replace("The cart of a shopper is kept while the shopper is away "
                                        "for a while.", ""),
    "no-section": f"# Cart\n\n{PURPOSE}{KEPT}",
    "no-requirement": f"# Cart\n\n{PURPOSE}## Requirements\n\nnothing yet\n",
    "tbd": GOOD.replace("The cart of", "TBD - the cart of"),
    "todo-in-spanish": GOOD.replace("The cart of", "Todo el carrito of"),
    "todo-small": GOOD.replace("The cart of", "todo: the cart of"),
    "tbds": GOOD.replace("The cart of", "TBDs the cart of"),
    "generated": GOOD.replace("The cart of a", "TBD - created by archiving change x. Update Purpose"
                              " after archive.\nThe a"),
    "brief": GOOD.replace(" while the shopper is away for a while", ""),
    "emoji": GOOD.replace("The cart of a shopper is kept while the shopper is away for a while.",
                          "\U0001f6d2" * 25),
    "no-scenario": GOOD.replace(SCENARIO, ""),
    "empty-scenario": GOOD.replace("- **WHEN** a\n- **THEN** b\n", ""),
    "deeper-scenario": GOOD.replace("#### Scenario", "##### Scenario"),
    "fenced-scenario": GOOD.replace(SCENARIO, f"```\n{SCENARIO}```\n"),
    "no-shall": GOOD.replace("SHALL", "will"),
    "small-shall": GOOD.replace("SHALL", "shall"),
    "in-title-only": GOOD.replace("Kept cart\nThe shop SHALL keep the cart.", "It SHALL keep"),
    "metadata-only": GOOD.replace("The shop SHALL keep", "**Rule**: The shop SHALL keep"),
    "metadata-and-words": GOOD.replace("The shop SHALL keep", "**Rule**: it SHALL\nThe shop keeps"),
    "long": GOOD.replace("keep the cart.", "keep the cart. " * 40),
    "delta-heading": GOOD.replace("### Requirement: Told", "## ADDED Requirements\n\n### "
                                  "Requirement: Told"),
    "outside": GOOD.replace("### Requirement: Told", "## Notes\n\n### Requirement: Told"),
    "before": f"# Cart\n\n{KEPT}{PURPOSE}## Requirements\n\n{TOLD}",
    "twice": GOOD.replace("Told time", "Kept cart"),
    "closed": GOOD.replace("Told time", "Kept cart ##"),
    "other-case": GOOD.replace("Told time", "kept cart"),
    "other-headings": GOOD.replace("### Requirement: Told time", "### Told time"),
    "glued": GOOD.replace("### Requirement: Told", "###Requirement: Told"),
    "nested-purpose": GOOD.replace("## Purpose", "### purpose"),
    "section-in-capitals": GOOD.replace("## Requirements", "## REQUIREMENTS"),
    "section-level-3": GOOD.replace("## Requirements", "### Requirements"),
    "open-fence": GOOD.replace("### Requirement: Told", "```\n### Requirement: Told"),
    "tilde-fence": GOOD.replace("### Requirement: Told", "~~~~\n```\n### Requirement: Told"),
    "commented": GOOD.replace("### Requirement: Told", "<!-- x\n### Requirement: Told\n-->\n"),
    "shallower-child": GOOD.replace("### Requirement: Kept", "##### Odd\n\n### Requirement: Kept"),
}  # fmt: skip
MAIN = GOOD
DELTAS: dict[str, dict[str, str]] = {
    "added": {"specs/cart/spec.md": "## ADDED Requirements\n\n" + KEPT.replace("Kept", "New")},
    "no-specs": {},
    "empty-file": {"specs/cart/spec.md": ""},
    "no-sections": {"specs/cart/spec.md": KEPT},
    "empty-section": {"specs/cart/spec.md": "## ADDED Requirements\n\nnothing\n"},
    "root-file": {"specs/spec.md": "## ADDED Requirements\n\n" + KEPT},
    "loose-file": {"specs/cart.md": "## ADDED Requirements\n\n" + KEPT},
    "loose-notes": {"specs/notes.md": "notes\n", "specs/cart/spec.md": "## ADDED Requirements\n\n"
                    + KEPT.replace("Kept", "New")},
    "modified": {"specs/cart/spec.md": "## MODIFIED Requirements\n\n" + KEPT},
    "modified-unknown": {"specs/cart/spec.md": "## MODIFIED Requirements\n\n"
                         + KEPT.replace("Kept", "No")},
    "modified-without-scenario": {"specs/cart/spec.md": "## MODIFIED Requirements\n\n"
                                  + KEPT.replace("Away", "Home")},
    "modified-new-spec": {"specs/other/spec.md": "## MODIFIED Requirements\n\n" + KEPT},
    "added-again": {"specs/cart/spec.md": "## ADDED Requirements\n\n" + KEPT},
    "added-otherwise": {"specs/cart/spec.md": "## ADDED Requirements\n\n"
                        + KEPT.replace("keep", "hold")},
    "added-near": {"specs/cart/spec.md": "## ADDED Requirements\n\n"
                   + KEPT.replace("Kept cart", "KEPT  cart")},
    "removed": {"specs/cart/spec.md": "## REMOVED Requirements\n\n### Requirement: Kept cart\n"},
    "removed-bullets": {"specs/cart/spec.md": "## REMOVED Requirements\n\n- `### Requirement: Kept "
                        "cart`\n* ### Requirement: Told time\n"},
    "removed-unknown": {"specs/cart/spec.md": "## REMOVED Requirements\n\n### Requirement: Gone\n"},
    "removed-near": {"specs/cart/spec.md": "## REMOVED Requirements\n\n### Requirement: kept cart\n"
                     },
    "renamed": {"specs/cart/spec.md": "## RENAMED Requirements\n\n- FROM: `### Requirement: Kept "
                "cart`\n- TO: `### Requirement: Held cart`\n"},
    "renamed-and-modified": {"specs/cart/spec.md": "## RENAMED Requirements\n\n- FROM: `### Require"
                             "ment: Kept cart`\n- TO: `### Requirement: Held cart`\n\n## MODIFIED "
                             "Requirements\n\n" + KEPT.replace("Kept", "Held")},
    "renamed-and-old-modified": {"specs/cart/spec.md": "## RENAMED Requirements\n\n- FROM: `### Req"
                                 "uirement: Kept cart`\n- TO: `### Requirement: Held cart`\n\n## "
                                 "MODIFIED Requirements\n\n" + KEPT},
    "half-rename": {"specs/cart/spec.md": "## RENAMED Requirements\n- FROM: `### Requirement: A`\n"
                    "- FROM: `### Requirement: B`\n- TO: `### Requirement: C`\n"
                    "- TO: `### Requirement: D`\n"},
    "everything-at-once": {"specs/cart/spec.md": f"## ADDED Requirements\n{KEPT}{KEPT}## MODIFIED R"
                           f"equirements\n{KEPT}## REMOVED Requirements\n### Requirement: Kept cart"
                           "\n"},
    "twice-the-section": {"specs/cart/spec.md": "## ADDED Requirements\n"
                          + KEPT.replace("Kept", "One") + "## Added requirements\n"
                          + KEPT.replace("Kept", "Two")},
    "stray": {"specs/cart/spec.md": "## ADDED Requirements\n### Documentation\n"
              + KEPT.replace("Kept", "New") + "### Requirement:\ntext\n"},
    "orphan": {"specs/cart/spec.md": KEPT + "## ADDED Requirements\n" + KEPT.replace("Kept", "New")
               + "## Notes\n" + TOLD},
    "no-text": {"specs/cart/spec.md": "## ADDED Requirements\n### Requirement: New\n" + SCENARIO},
    "no-scenario": {"specs/cart/spec.md": "## ADDED Requirements\n### Requirement: New\nIt SHALL.\n"
                    },
    "nested": {"specs/area/cart/spec.md": "## ADDED Requirements\n" + KEPT},
    "skipped": {".openspec.yaml": "schema: spec-driven\nskip_specs: true\n"},
    "skipped-with-specs": {".openspec.yaml": "schema: spec-driven\nskip_specs: true\n",
                           "specs/cart/spec.md": "## ADDED Requirements\n"
                           + KEPT.replace("Kept", "New")},
    "skipped-badly": {".openspec.yaml": "skip_specs: true\n"},
    "skipped-with-words": {".openspec.yaml": "schema: spec-driven\nskip_specs: maybe\n"},
    "not-skipped": {".openspec.yaml": "schema: spec-driven\nskip_specs: false\n"},
    "tasks": {"tasks.md": "## 1. A\n- [ ] 1.1 a\n- [x] 1.1 b\n- [ ] 2.1 c\n## B\n- [ ] 1.1 d\n"},
    "bare-tasks": {"tasks.md": "# Tasks\n\n```\n- no\n```\n- do it\n"},
    "linked-tasks": {"tasks.md": "# Tasks\n\n- [a](b)\n"},
    "other-schema": {"tasks.md": "## 1. A\n- [ ] 2.1 a\n", ".openspec.yaml": "schema: other\n"},
}  # fmt: skip


def lay(root: Path, specs: Mapping[str, str], changes: Mapping[str, Mapping[str, str]]) -> None:
    for name, text in specs.items():
        path = root / "openspec/specs" / name / "spec.md"
        path.parent.mkdir(parents=True)
        path.write_bytes(text.encode())
    for name, files in changes.items():
        folder = root / "openspec/changes" / name
        folder.mkdir(parents=True)
        (folder / "proposal.md").write_text("# Change\n\n## Why\n\nIt helps.\n")
        for at, text in files.items():
            (folder / at).parent.mkdir(parents=True, exist_ok=True)
            (folder / at).write_bytes(text.encode())


def assert_agree(
    root: Path, specs: Mapping[str, str], changes: Mapping[str, Mapping[str, str]]
) -> None:
    lay(root, specs, changes)
    theirs = openspec_tool.validate(root)
    for name, text in specs.items():
        ours = list(openspec_rules.spec(f"{name}/spec.md", grammar.lines(text)))
        assert openspec_tool.told(ours) == theirs["spec", name], (name, text, ours)
    for name, files in changes.items():
        ours = list(openspec_rules.change(files, specs.get))
        assert openspec_tool.told(ours) == theirs["change", name], (name, files, ours)


def test_every_case_is_judged_as_openspec_judges_it(tmp_path: Path) -> None:
    assert_agree(tmp_path, {**SPECS, "cart": MAIN}, DELTAS)


PIECES = [
    "# T", "## Purpose", "## Requirements", "## REQUIREMENTS ", "## Notes", "### Requirement: A",
    "### Requirement: a ##", "### Requirement: B", "###Requirement: C", "### Stray", "### ",
    "#### Scenario: One", "#### Scenario: Two", "#### Edge", "##### Deep", "- **WHEN** x",
    "The shop SHALL keep it.", "The shop keeps it.", "**Key**: it MUST", "TBD", "", "", "```",
    "~~~",
    "  ### Requirement: D", "Long enough words to be a purpose that anybody would be happy with.",
    "## ADDED Requirements", "## MODIFIED Requirements", "## REMOVED Requirements",
    "## RENAMED Requirements", "## added requirements", "- FROM: `### Requirement: A`",
    "- TO: `### Requirement: E`", "* ### Requirement: B", "FROM: ### Requirement: B", "<!-- a",
    "-->",
]  # fmt: skip


def test_any_mixture_of_lines_is_judged_as_openspec_judges_it(tmp_path: Path) -> None:
    chance = random.Random(11)  # noqa: S311 -- a choice of cases, not a secret
    specs = {"cart": MAIN.replace("Kept cart", "A").replace("Told time", "B")}
    changes: dict[str, Mapping[str, str]] = {}
    for number in range(400):
        rows = chance.choices(PIECES, k=chance.randint(0, 25))
        specs[f"s{number}"] = "\n".join(["## Purpose", PIECES[25], *rows])
        head = chance.choice(["## ADDED Requirements", "## MODIFIED Requirements", ""])
        rows = chance.choices(PIECES, k=chance.randint(0, 25))
        changes[f"c{number}"] = {"specs/cart/spec.md": "\n".join([head, *rows])}
    assert_agree(tmp_path, specs, changes)


CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real specs is not beside this one")
@pytest.mark.parametrize("name", ["openspec-agent-scope", "openspec-postgast"])
def test_real_repositories_are_judged_as_openspec_judges_them(tmp_path: Path, name: str) -> None:
    shutil.copytree(CORPUS / name / "openspec", tmp_path / "openspec")
    base = tmp_path / "openspec"
    specs = {
        path.parent.relative_to(base / "specs").as_posix(): path.read_text()
        for path in (base / "specs").rglob("spec.md")
    }
    folders = [one for one in (base / "changes").iterdir() if one.name != "archive"]

    theirs = openspec_tool.validate(tmp_path)

    for capability, text in specs.items():
        ours = list(openspec_rules.spec("spec.md", grammar.lines(text)))
        assert openspec_tool.told(ours) == theirs["spec", capability]
    for folder in folders:
        files = {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in folder.rglob("*.md")
        }  # fmt: skip
        ours = list(openspec_rules.change(files, specs.get))
        assert openspec_tool.told(ours) == theirs["change", folder.name]
    assert len(theirs) == len(specs) + len(folders) > 6


def test_every_rule_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "formats.md").read_text()
    rules = [*openspec_rules.RULES, "contradiction", "edited-twice", "superseded", "unsure-id",
             "re-pointed", "ticked-but-absent", "there-but-open", "passes-but-open",
             "no-task-names-it", "names-nothing"]  # fmt: skip

    assert [rule for rule in rules if f"`{rule}`" not in text] == []
