"""Break the code of each criterion on purpose, and see whether its tests notice.

A broken version is a commit that no ref names; the tests run on a fresh checkout of it, in the
box. What they said is kept by the tree, the command and what surrounds them, and is a cache.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from attrs import define, field, frozen

from accord.app.evidence import run_on, verdict_key
from accord.app.workshop import Workshop
from accord.core import breaking, cases, evidence
from accord.core.breakage import Breakage, How
from accord.core.breaking import MOST, Answer, Tried
from accord.core.evidence import Result
from accord.core.fingerprint import Mark
from accord.core.narrowing import narrowed

LONGEST_S = 120
"""The longest that the tests of one criterion may take on broken code."""


@frozen
class Question:
    """One criterion, by a key of the caller's: would `tests` notice if `symbols` were broken?

    `command` runs the tests. Each mark is as the commit has it.
    """

    key: str
    symbols: tuple[Mark, ...]
    tests: tuple[Mark, ...]
    command: tuple[str, ...]


def tried(workshop: Workshop, commit: str, questions: Iterable[Question]) -> dict[str, Tried]:
    """Return what came of breaking the code of each question in `commit`.

    Symbols that raise come first, and what was noticed once is not broken again. It ends after
    the time that the configuration gives; what was not answered by then is unknown. The tests of
    the questions pass on `commit` itself: whoever asks made sure of that.
    """
    trial = _Trial(workshop, commit, [one for one in questions if one.symbols and one.tests])
    return {one.key: trial.outcome(one) for one in trial.run()}


def said(
    workshop: Workshop, commit: str, command: Sequence[str], tests: Sequence[Mark], left: float
) -> set[Answer]:
    """Return what `tests` say of `commit`, each once: `command` runs them, for `left` seconds.

    One that passes says that it survives, whatever was broken there.
    """
    words = narrowed(command, tests, lambda path: _exists(workshop, commit, path))
    return set(_answers(workshop, commit, words, tests, left).values())


def _exists(workshop: Workshop, commit: str, path: str) -> bool:
    repo = workshop.repo
    return bool(repo.entry(commit, path) or repo.names(commit, path))


@define
class _Trial:
    """What is known so far: the first that was not noticed of each question, who noticed."""

    workshop: Workshop
    commit: str
    questions: Sequence[Question]
    until: float = field(init=False)
    noticed: dict[str, Tried] = field(factory=dict)
    survived: dict[str, Tried] = field(factory=dict)
    doubtful: set[str] = field(factory=set)
    count: dict[str, int] = field(factory=dict)
    narrow: dict[tuple[str, ...], tuple[str, ...]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.until = time.monotonic() + self.workshop.config.mutation_s

    def run(self) -> Sequence[Question]:
        """Break one thing after the other until everything is answered, or the time is up."""
        for broken in self._breakages():
            place = f"{broken.path}::{broken.symbol}"
            asking = [
                one for one in self.questions
                if one.key not in self.noticed and place in {each.place for each in one.symbols}
            ]  # fmt: skip
            for command in dict.fromkeys(one.command for one in asking):
                some = [one for one in asking if one.command == command]
                fresh = [one for one in some if self.count.get(one.key, 0) < MOST]
                self.doubtful |= {one.key for one in some if one not in fresh}
                if fresh:
                    self._ask(broken, command, fresh)
        return self.questions

    def outcome(self, one: Question) -> Tried:
        """Return what is known of a question. It survives only where nothing is left in doubt."""
        if one.key in self.noticed:
            return self.noticed[one.key]
        if one.key in self.survived and one.key not in self.doubtful:
            return self.survived[one.key]
        return Tried(Answer.UNKNOWN)

    def _breakages(self) -> Iterator[Breakage]:
        """Yield what can be broken: of every symbol the plainest way, then the next of each."""
        marks = dict.fromkeys(
            (one.path, one.name) for question in self.questions for one in question.symbols
        )
        ways = []
        for path, name in marks:
            data = self.workshop.repo.read(self.commit, path) or b""
            found = self.workshop.breaks(path, data, name, MOST)
            # Who notices that something is not done notices that it raises.
            ways.append([one for one in found if one.how not in (How.IDLE, How.LEFT_OUT)])
        for at in range(MOST):
            yield from (found[at] for found in ways if at < len(found))

    def _tests(self, command: Sequence[str]) -> list[Mark]:
        found = (one.tests for one in self.questions if one.command == command)
        return list(dict.fromkeys(chain.from_iterable(found)))

    def _words(self, command: tuple[str, ...]) -> tuple[str, ...]:
        """Return the command for the tests that are asked, if they pass alone as with others."""
        if command not in self.narrow:
            tests = self._tests(command)
            words = narrowed(command, tests, lambda path: _exists(self.workshop, self.commit, path))
            if words != command:
                left = self.until - time.monotonic()
                said = _answers(self.workshop, self.commit, words, tests, max(left, 1))
                words = words if set(said.values()) == {Answer.SURVIVES} else command
            self.narrow[command] = words
        return self.narrow[command]

    def _ask(self, broken: Breakage, command: tuple[str, ...], asking: Sequence[Question]) -> None:
        left = self.until - time.monotonic()
        if left <= 0:
            self.doubtful |= {one.key for one in asking}
            return
        made = self.workshop.repo.commit(
            self.commit, {broken.path: broken.data}, "Broken on purpose\n", "accord <>"
        )
        answers = _answers(self.workshop, made, self._words(command), self._tests(command), left)
        for one in asking:
            self.count[one.key] = self.count.get(one.key, 0) + 1
            said = {answers.get(test.place, Answer.UNKNOWN): cases.said(test) for test in one.tests}
            if Answer.NOTICED in said:
                self.noticed[one.key] = Tried(Answer.NOTICED, said[Answer.NOTICED], broken.words)
            elif Answer.UNKNOWN in said:
                self.doubtful.add(one.key)
            elif one.key not in self.survived:
                self.survived[one.key] = Tried(Answer.SURVIVES, said[Answer.SURVIVES], broken.words)


def _answers(
    workshop: Workshop, commit: str, words: Sequence[str], tests: Sequence[Mark], left: float
) -> dict[str, Answer]:
    """Return what each of `tests`, by its place, says when the command `words` runs on `commit`."""
    tree = workshop.repo.tree(commit)
    key = verdict_key(workshop, tree, "\0".join(words)).replace("verdict/", "broken/", 1)
    kept = workshop.journal.noted(key).get(key)
    if kept is not None:
        return {place: Answer(str(said)) for place, said in kept.items() if said in set(Answer)}
    limit = min(left, LONGEST_S, workshop.config.policy.verify_timeout_s)
    said = run_on(workshop, commit, words, limit)
    run = evidence.judge(said, tree)
    found = {one.place: breaking.answer([one], said, run)[0] for one in tests}
    if run.result is not Result.UNKNOWN:
        workshop.journal.note(key, {place: str(one) for place, one in found.items()})
    return found
