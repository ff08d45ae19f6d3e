"""The words that a gate says are to be read are those that its page shows unfolded."""

import re

from playwright.sync_api import Browser, expect

from accord.web.running import Server
from browsing import looking
from project import STORY, Project

# What is no word of the document: names, buttons, keys and folds, what is read out in place of a
# ditto, and the machine's findings.
SHOWN = """() => [...document.querySelectorAll('[aria-labelledby=first], [aria-labelledby=read]')]
  .map((section) => {
    for (const one of section.querySelectorAll('h2, h2 + p, .about, .id, .tag, .hide, .findings, '
      + 'button, kbd, summary')) one.remove();
    return section.innerText;
  }).join(' ')"""

SEEN = """(at) => {
  const text = document.querySelector(`${at} .text`).cloneNode(true);
  for (const one of text.querySelectorAll('.hide')) one.remove();
  return text.textContent;
}"""

NOTES = """\
## Questions

- Q1 (open) Who pays?

## Assumptions

- A1 (low) Carts are small.

"""
RISKY = """\
- R1.3 WHEN the card is declined THE shop SHALL delete the card.
- R1.4 WHEN the card is declined THE shop SHALL delete the address.
- R1.5 THE bank SHALL pay back what was paid (once).
- R1.6 THE bank SHALL say so.
"""


def words(text: str) -> int:
    return len(re.findall(r"\w[\w'’-]*", text))


def test_the_words_to_read_are_those_that_the_page_shows(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.new()
    story = STORY.replace("## Requirements", f"{NOTES}## Requirements")
    story = story.replace("\n## Out of scope", f"{RISKY}\n## Out of scope")
    project.write("requirements.md", story)
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        said = re.search(r"(\d+) of \d+ words to read", page.inner_text("main"))
        assert said
        assert page.evaluate(SEEN, "#item-R1\\.4") == "″ → ″ address."
        assert page.locator("#item-R1\\.4 .ditto").nth(1).get_attribute("title") == "delete"
        assert page.evaluate(SEEN, "#item-R1\\.6") == "″: say so."
        assert page.locator("#item-R1\\.4 details.note:not([open]) form.scenario").count() == 1
        assert words(page.evaluate(SHOWN)) == int(said[1])


def test_a_folded_scenario_is_opened_and_answered_with_one_key(
    project: Project, server: Server, chromium: Browser
) -> None:
    project.new()
    story = STORY.replace("\n## Out of scope", f"{RISKY}\n## Out of scope")
    project.write("requirements.md", story)
    with looking(chromium, server) as page:
        page.goto("/changes/guest")
        page.focus("#item-R1\\.4")
        page.keyboard.press("s")
        page.keyboard.type("Nothing is left.")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Undo: answer Answer a scenario of R1.4")).to_be_visible()
    assert b"what undoes it? Nothing is left." in (project.desk() / "requirements.md").read_bytes()
