"""What the pages say by themselves, beside what is to be decided: facts, overlaps, plots."""

import re

from project import SMALL, STORY, Project
from script_play import play
from visiting import Answer, Visitor

VAGUE = STORY.replace("THE shop SHALL say until when", "THE shop SHALL quickly say until when")
STORY_AT = "specs/guest/requirements.md"


def words(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).replace("&#39;", "'").split())


def part(page: Answer, begins: str, ends: str) -> str:
    """Return what stands between two marks of a page."""
    assert begins in page.text, begins
    return page.text.partition(begins)[2].partition(ends)[0]


def test_a_finding_stands_beside_what_it_is_about(project: Project, visitor: Visitor) -> None:
    project.new()
    project.write("requirements.md", VAGUE)
    page = visitor.get("/changes/guest")
    assert "'quickly' can be read in more than one way" in words(
        part(page, 'id="item-R1.2"', "</li>\n<li")
    )
    aside = part(page, '<aside aria-label="Machine facts">', "</aside>")
    assert "1 finding beside what it is about." in words(aside)
    assert "quickly" not in aside


def test_a_gate_names_what_its_tasks_would_be_built_beside(
    project: Project, visitor: Visitor
) -> None:
    project.approve_spec("tax")
    project.new("small")
    project.write("requirements.md", SMALL)
    beside = part(visitor.get("/changes/guest"), '<h2 id="meets">', "</section>")
    assert "T1 and T1 of tax overlap: shop/**, tests/**" in words(beside)


def test_the_diff_file_by_file_has_the_riskiest_first(project: Project, visitor: Visitor) -> None:
    project.approve_spec(track="small")
    built = {"shop/until.py": "MINUTES = 60\n" * 9, "shop/auth.py": "WHO = 'robin'\n"}
    assert project.build(files=built).exit == 0
    project.commit_on("accord/guest", {"settings.py": "DEBUG = True\n"})
    project.ok("run", "guest")
    page = visitor.get("/changes/guest/result")
    files = re.findall(r'<details class="file"[^>]* id="file-([^"]+)"', page.text)
    assert files == ["settings.py", "shop/auth.py", "shop/until.py"]
    risky = part(page, 'id="file-shop/auth.py"', "</details>")
    assert "risky path" in words(risky)


def test_figures_are_plots_that_say_in_words_what_they_draw(
    project: Project, visitor: Visitor
) -> None:
    before = visitor.get("/figures").text
    assert "none yet" in words(before)
    project.approve_spec(last="story")
    page = visitor.get("/figures")
    plots = re.findall(r'<svg viewBox[^>]*role="img" aria-label="([^"]+)">(.*?)</svg>', page.text,
                       re.DOTALL)  # fmt: skip
    titles = [label.partition(",")[0] for label, _ in plots]
    assert titles == ["Time to decide", "Edits after approval", "Repeat corrections",
                      "Escaped defects"]  # fmt: skip
    for label, drawn in plots:
        weeks = re.findall(r"(\d{4}-\d\d-\d\d) ([\d.]+)", label)
        told = re.findall(r"<title>(\d{4}-\d\d-\d\d): ([\d.]+)", drawn)
        assert weeks
        assert told == weeks
    assert re.search(r"<title>[\d-]+: [\d.]+ of 1 ", plots[0][1])


def test_what_is_corrected_in_the_room_may_become_a_rule_once_it_is_approved(
    project: Project, visitor: Visitor
) -> None:
    project.new()
    script = play(project, ("Stage: story", STORY_AT, STORY))
    project.run("run", "guest", "--script", str(script))
    assert "No correction waits" in words(visitor.get("/changes/guest/corrections").text)
    page = visitor.get("/changes/guest")
    own = re.search(r'value="R1.1"><input type="hidden" name="own" value="(\w+)"', page.text)
    assert own
    said = "WHEN the card is declined THE shop SHALL keep the cart for 90 days."
    fields = {"item": "R1.1", "own": own[1], "words": said}
    after = visitor.send("/changes/guest", "/changes/guest/correct", fields)
    assert "R1.1 was corrected" in words(after.text)
    project.ok("approve", "guest", "--yes")
    page = visitor.get("/changes/guest/corrections")
    assert "R1.1 You corrected this" in words(page.text)
    assert "keep the cart for 60 minutes." in part(page, "<del>", "</del>")
    assert "keep the cart for 90 days." in part(page, "<ins>", "</ins>")
