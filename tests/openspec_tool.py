"""The installed `openspec`, asked what it thinks of a repository."""

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

from accord.core.checks import Finding, Severity
from needing import need

LOCAL = Path(__file__).parents[1] / ".tools/openspec/node_modules/.bin/openspec"

# What it says, and by which rule Accord says it; None: told once, or not told, on purpose.
SAID: tuple[tuple[str, str | None], ...] = (
    (r"Spec must have a (Purpose|Requirements) section", "spec-sections"),
    (r"Spec must have at least one requirement", "spec-sections"),
    (r"Requirement must have at least one scenario\. ", None),  # the same again, as a warning
    (r"Requirement must have at least one scenario", "no-scenario"),
    (r"Requirement text cannot be empty", "no-text"),
    (r"Main spec contains delta header", "delta-in-spec"),
    (r"appears outside the main ## Requirements", "not-read"),
    (r"duplicates the requirement declared", "same-name"),
    (r"Purpose section is", "purpose"),
    (r"Requirement text is very long", "long-requirement"),
    (r"must contain SHALL or MUST|is missing requirement text", "no-text"),
    (r"should contain SHALL or MUST", "no-keyword"),
    (r"must include at least one scenario", "no-scenario"),
    (r"Delta spec found at specs/", "not-read"),
    (r"is (missing a requirement name|not a \"### Requirement:\" header) ", "passed-over"),
    (r"which is not a delta section", "passed-over"),
    (r"has no matching (FROM|TO): line", "half-rename"),
    (r"Duplicate (requirement in|FROM in|TO in)", "same-name"),
    (r"present in both|MODIFIED references old name|RENAMED TO collides", "two-ways"),
    (r"omits scenario\(s\)", "lost-scenario"),
    (r"Archive would refuse this delta", "would-not-apply"),
    (r"Delta sections .* were found, but no|No delta sections found", "no-delta"),
    (r"Change must have at least one delta", "no-delta"),
    (r"skip_specs is set in .openspec.yaml: change declares", None),  # nothing to mend
    (r"skip_specs is set", "skip-specs"),
    (r"This change counts as 0 tasks", "no-boxes"),
    (r"but its leading number points to group", "task-group"),
    (r"^Task ID .* is duplicated", "same-task"),
)
LEVELS = {"ERROR": Severity.BLOCKS, "WARNING": Severity.WARNS, "INFO": Severity.WARNS}


def program() -> str:
    """Return the program, or skip the test; with ACCORD_REQUIRE_ALL set it must be there."""
    found = str(LOCAL) if LOCAL.exists() else shutil.which("openspec")
    need(found is not None, "openspec")
    return str(found)


def validate(root: Path) -> dict[tuple[str, str], Counter[tuple[str, Severity]]]:
    """Map each change and spec of the repository at `root` to what openspec says of it."""
    done = subprocess.run(
        [program(), "validate", "--all", "--json", "--no-interactive"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CI": "1", "OPENSPEC_TELEMETRY": "0", "HOME": str(root)},
    )
    report = json.loads(done.stdout)
    found = {}
    for item in report["items"]:
        counts = Counter[tuple[str, Severity]]()
        for issue in item["issues"]:
            rule = next(rule for words, rule in SAID if re.search(words, issue["message"]))
            if rule:
                counts[rule, LEVELS[issue["level"]]] += 1
        assert item["valid"] == all(one[1] is Severity.WARNS for one in counts), item
        found[item["type"], item["id"]] = counts
    return found


def told(findings: list[Finding]) -> Counter[tuple[str, Severity]]:
    """Count findings the same way."""
    return Counter((one.rule, one.severity) for one in findings)
