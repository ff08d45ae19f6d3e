"""Scripts for the scripted agent, written for one test."""

import json
from pathlib import Path

from project import Project

DESIGN_AT = "specs/guest/design.md"


def play(project: Project, *scenes: tuple[str, str, str]) -> Path:
    """Return a script: each scene has words that the prompt holds, a path and a text."""
    script = project.root / "script.toml"
    parts = [
        f'[[scene]]\nwhen = {json.dumps(when.split("|"))}\n[[scene.step]]\ndo = "write"\n'
        f"path = {json.dumps(path)}\ntext = {json.dumps(text)}\n"
        for when, path, text in scenes
    ]
    script.write_text("\n".join(parts))
    return script
