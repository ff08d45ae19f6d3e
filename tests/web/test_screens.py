"""The pictures of the pages are those of the pages as they are."""

import importlib.util
import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "docs" / "screens"


def test_no_page_changes_its_look_unseen() -> None:
    place = importlib.util.spec_from_file_location("screens_tool", ROOT / "tools" / "screens.py")
    assert place
    assert place.loader
    tool = importlib.util.module_from_spec(place)
    place.loader.exec_module(tool)
    kept = json.loads((SCREENS / tool.LOOKED).read_text())
    assert kept == tool.shown(), "python tools/screens.py, look at what changed, commit them"
    wide = {f"{name}-{theme}.png" for name in (*tool.PAGES, *tool.MORE)
            for theme in ("light", "dark")}  # fmt: skip
    narrow = {f"{name}-light-narrow.png" for name in (*tool.SMALL, "enter", "ask", "ask-refused")}
    assert {path.name for path in SCREENS.glob("*.png")} == wide | narrow
