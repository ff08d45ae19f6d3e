import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.meter import Failed, spent
from bench.place import throw_away
from bench.table import Figure, Peer, lines

import gitrepo
from accord.core.hidden_markup import find_all
from accord.sandbox.none import NoSandbox
from bench import (
    auditing,
    boxing,
    changing,
    checking,
    drift_executed,
    drift_peers,
    drifting,
    hosting,
    landing,
    looking,
    pooling,
    reading,
    recall_sources,
    recalling,
    replaying,
    simulating,
    slicing,
    starting,
    suggesting,
    verifying,
    waiting,
    watching,
)


def test_starting_gives_a_figure_with_its_peers(root: Path) -> None:
    with throw_away(root) as place:
        figure = starting.measure(place, "", repeats=1)
    assert figure.value > 0
    assert [peer.value is None for peer in figure.peers] == [True, False]


def test_looking_gives_a_figure_over_changes_at_every_stage(root: Path) -> None:
    with throw_away(root) as place:
        figure = looking.measure(place, "", count=4, repeats=1)
        said = subprocess.run(
            [Path(sys.executable).with_name("accord"), "status"],
            cwd=place.repo, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    assert figure.value > 0
    assert all(stage in said for stage in ("story", "design", "architecture", "implementation"))


def test_checking_gives_figures_over_specs_that_have_no_finding(root: Path) -> None:
    with throw_away(root) as place:
        figures = checking.measure(place, "", specs=30, changes=5, repeats=1)
        said = subprocess.run(
            [Path(sys.executable).with_name("accord"), "check"],
            cwd=place.repo, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    assert all(figure.value > 0 for figure in figures)
    assert "35 specs, 35 of them without a finding" in said


def test_reading_gives_a_figure_for_made_up_specs_and_for_others(tmp_path: Path) -> None:
    (tmp_path / "design.md").write_text("# Cart\n\n## D1 Part\n\nSatisfies: R1\n" * 2000)
    figures = reading.measure(specs=30, repeats=1, corpus=tmp_path)
    assert [figure.value > 0 for figure in figures] == [True, True]


def test_a_made_up_spec_has_no_finding() -> None:
    assert reading.findings(specs=2) == ()


def test_verifying_gives_a_figure_beside_one_process_for_each_record() -> None:
    figure = verifying.measure(count=20, repeats=1, sample=2)
    assert figure.value > 0
    assert all(peer.value is None or peer.value > 0 for peer in figure.peers)


def test_changing_carries_a_change_to_the_base_and_leaves_the_agent_out(root: Path) -> None:
    with throw_away(root) as place:
        figure = changing.measure(place)
    assert figure.value > 0
    assert figure.note.endswith("left out")


def test_boxing_gives_figures_for_each_box_of_this_machine(root: Path) -> None:
    with throw_away(root) as place:
        figures = boxing.measure(place, "", turns=3)
    assert len(figures) in (0, 2, 4)
    assert all(figure.value > 0 for figure in figures)


def test_checking_a_range_accepts_what_was_made_and_has_its_peers(root: Path) -> None:
    with throw_away(root) as place:
        figure = auditing.measure(place, count=30, repeats=1)
    assert figure.value > 0
    assert "31 commits" in figure.name
    assert all(peer.value for peer in figure.peers)


def test_recalling_is_measured_beside_a_full_text_search_and_chance(tmp_path: Path) -> None:
    claims = {
        f"c{n}": f"The {word} is kept apart." for n, word in enumerate("cart mail log".split())
    }
    corpus = tmp_path / "corpus.json"
    corpus.write_text(json.dumps([{"query": "a cart", "claims": claims, "gold": ["c0"]}]))
    cost, *recalled = recalling.measure(corpus)
    assert cost.value > 0
    assert [figure.value for figure in recalled] == [1.0, 1.0, 1.0]
    assert [peer.value for peer in recalled[0].peers] == [1.0, 1.0]


def test_a_replay_asks_for_less_with_memory_and_for_nothing_that_a_check_finds() -> None:
    heeds, overlooks, claims, keys, block = replaying.measure(specs=20)
    assert heeds.kept
    assert keys.kept
    assert block.value > 0
    assert block.kept
    assert overlooks.kept
    assert claims.value == 0
    assert all(figure.peers[-1].value for figure in (overlooks, claims))
    none, everything, recalled = (peer.value for peer in claims.peers)
    assert none is not None
    assert everything is not None
    assert recalled is not None
    assert none > max(everything, recalled)


def test_a_corpus_is_built_from_a_clone_without_what_gives_the_answer_away(tmp_path: Path) -> None:
    clone = tmp_path / "clones" / "x-agentic-workflows"
    claim = "### `rule: keep`\n\nA cart is kept.\nOrigin: ADR-0001\n"
    repo = gitrepo.make_repo(clone, {".awf/topics/parts/shop/cart/current-state.md": claim})
    repo.close()
    gitrepo.commit(clone, {"docs/decisions/0002-more.md": (
        "# ADR-0002: More carts\n\n## Context\n\nSee shop/cart:keep and ADR-0001.\n\n"
        "## State changes\n\n- update `shop/cart:keep`\n"
    )})  # fmt: skip
    (query,) = recall_sources.claims(clone)
    assert query["claims"] == {"shop/cart:keep": "A cart is kept."}
    assert query["gold"] == ["shop/cart:keep"]
    assert query["query"] == "More carts See and ."


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
def test_the_meter_counts_what_a_command_left_running_behind(tmp_path: Path) -> None:
    work = "import time\nwhile time.process_time() < 0.2: pass"
    behind = f"import os\nif os.fork() == 0:\n  os.setsid()\n  exec({work!r})"
    every, waited = spent([sys.executable, "-c", behind], tmp_path)
    assert every >= 0.2
    assert waited == 0


def test_the_meter_says_which_command_failed(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no such thing"):
        spent([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)


def test_the_environment_points_into_the_place_and_comes_back(root: Path) -> None:
    before = dict(os.environ)
    with throw_away(root) as place:
        assert os.environ["HOME"].startswith(str(place.folder))
        assert not [name for name in os.environ if name.startswith("ACCORD_")]
    assert dict(os.environ) == before
    assert not place.folder.exists()


def test_the_table_says_which_budget_is_broken_and_which_peer_is_missing() -> None:
    slow = Figure("slow", 2.0, "CPU s", 1.0, (Peer("git", 0.5), Peer("openspec", None)))
    fast = Figure("fast", 9.0, "MB/CPU s", 5.0, (Peer("markdown", 3.0),), more=True, note="2 MB")
    said = list(lines([slow, fast]))
    assert [figure.kept for figure in (slow, fast)] == [False, True]
    assert said[1].split() == ["slow", "2.000", "CPU", "s", "<=", "1", "BROKEN"]
    assert said[2].startswith("  git ")
    assert said[2].endswith("4.00")
    assert said[3].endswith("not available")
    assert said[5].split()[-1] == "3.00"
    assert said[-1] == "fast: 2 MB"


def test_a_figure_without_a_budget_is_told_and_not_judged() -> None:
    figure = Figure("keys", 31.0, "keys", None, (Peer("paging", 10.0),))
    said = list(lines([figure]))
    assert figure.kept
    assert said[1].split() == ["keys", "31.000", "keys"]
    assert said[2].endswith("3.10")


def test_the_table_keeps_to_80_columns_and_hides_nothing_far_to_the_right() -> None:
    name = "the share of all that was measured in a very long sentence, said twice and more"
    figure = Figure(name, 0.5, "of a new one", 1.0, (Peer(f"peer {name}", 1.0),), note=name * 2)
    said = list(lines([figure, Figure("short", 0.1, "s", 1.0, ())]))
    assert max(map(len, said)) <= 80
    assert not find_all("\n".join(said))
    width = said[0].index("MEASURED")
    column = " ".join(line[:width] for line in said[1:])
    assert f"{name} peer {name}" in " ".join(column.split())


def test_pooling_gives_figures_beside_a_new_worktree(root: Path) -> None:
    with throw_away(root) as place:
        pooled, *laid = pooling.measure(place, files=100, repeats=1)
    for figure in (pooled, *laid[:1]):
        assert figure.value > 0
        assert "beside" in figure.note
    assert all(figure.value == 0 for figure in laid[1:])  # none of eight at once fails


def test_landing_gives_a_figure_of_a_real_run_in_which_nothing_is_lost(root: Path) -> None:
    with throw_away(root) as place:
        figure = landing.measure(place, count=6, seconds=0.2)
    assert figure.value > 0


def test_two_hundred_tasks_take_hardly_longer_than_they_must() -> None:
    made = simulating.makespan(0)
    assert made.bound <= made.took <= 1.10 * made.bound


def test_the_queue_lands_twice_what_one_at_a_time_lands() -> None:
    rates = [simulating.landed_an_hour(seed, arrivals=12, slots=2, hours=24) for seed in range(3)]
    ours, serial = (sum(side) for side in zip(*rates, strict=True))
    assert ours >= 1.9 * serial > 0


def test_drifting_gives_a_figure_for_the_first_check_and_the_next(root: Path) -> None:
    with throw_away(root) as place:
        figures = drifting.measure(place, changes=2, repeats=1)
        assert "100 unproven" in subprocess.run(
            [Path(sys.executable).with_name("accord"), "check", "--drift"],
            cwd=place.repo, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    assert [figure.value > 0 for figure in figures] == [True, True]


def test_no_mutant_of_what_bound_tests_run_is_missed(tmp_path: Path) -> None:
    top = tmp_path / "checkout"
    gitrepo.write(top, {
        "bench.rc": drift_executed.RC,
        "src/cart.py": "LIMIT = 3\n\n\nclass Cart:\n    def __init__(self):\n"
                       "        self.kept = 1\n\n    def fits(self):\n"
                       "        return self.kept < LIMIT\n",
        "tests/test_cart.py": "import pytest\nfrom cart import Cart\n\n\n@pytest.fixture\n"
                              "def cart():\n    return Cart()\n\n\n"
                              "def test_fits(cart):\n    assert cart.fits()\n",
    })  # fmt: skip
    project = drift_executed.Project(top, "src", "tests", Path(sys.executable), NoSandbox())

    found = drift_executed.measure("cart", project, tests=1, count=6)

    # The limit is set as the module is loaded, what is kept as the fixture is made.
    assert (found.tests, found.odd) == (1, [])
    assert found.failing >= 4
    assert (top / "src/cart.py").read_text().startswith("LIMIT = 3")


def test_the_context_of_a_task_is_measured_at_full_coverage(tmp_path: Path) -> None:
    folder = tmp_path / "project" / ".kiro" / "specs" / "cart"
    folder.mkdir(parents=True)
    story = "# Requirements Document\n\n## Requirements\n"
    tasks = "# Implementation Plan\n\n"
    for one in range(1, 9):
        story += f"\n### Requirement {one}\n\nStory.\n\n#### Acceptance Criteria\n\n"
        story += f"1. WHEN {one} comes THEN the shop SHALL keep the cart of the guest\n"
        tasks += f"- [ ] {one}. Keep the cart\n  - _Requirements: {one}.1_\n"
    (folder / "requirements.md").write_text(story)
    (folder / "design.md").write_text("# Design\n" + "\n## Part\n\nWords of it.\n" * 50)
    (folder / "tasks.md").write_text(tasks)

    median, ninth, covered = slicing.measure(tmp_path)

    assert covered.value == 1.0
    assert 0 < median.value <= ninth.value < 1
    assert slicing.measure(tmp_path / "nothing") == []


def test_suggesting_is_measured_against_sentences_that_people_wrote() -> None:
    figure = suggesting.measure(["click"])
    assert figure.kept
    assert figure.peers[0].value is not None
    assert figure.value > 10 * figure.peers[0].value


def test_the_peers_of_the_drift_check_are_given_the_same_project(root: Path) -> None:
    with throw_away(root) as place:
        drifting.measure(place, changes=1, repeats=1)
        program = place.folder / "peer"
        program.write_text("#!/bin/sh\nls reqs sdoc 2>/dev/null | wc -l\n")
        program.chmod(0o755)
        assert drift_peers.doorstop(place.repo, program, 4) is not None
        assert drift_peers.strictdoc(place.repo, program, 4) is not None
        items = sorted((place.repo / "reqs").glob("*.yml"))
        named = [line.split()[-1] for one in items for line in one.read_text().splitlines()
                 if "path:" in line]  # fmt: skip
        assert len(named) == 4
        assert all((place.repo / one).is_file() for one in named)
        program.write_text("#!/bin/sh\nexit 3\n")
        (place.repo / "sdoc").rename(place.repo / "other")
        assert drift_peers.strictdoc(place.repo, program, 4) is None


def test_runs_are_measured_beside_their_agents_and_none_is_left(root: Path) -> None:
    with throw_away(root) as place:
        figures = hosting.measure(place, many=2, turns=1)
        runs = list(place.folder.glob("*/runs/*"))
        assert len(runs) == 1 + 2 + 1 + 1
        assert all((run / "exit.json").exists() for run in runs)
    assert all(figure.value > 0 for figure in figures)
    assert all(peer.value for figure in figures for peer in figure.peers)


def test_waiting_measures_a_room_whose_changes_are_really_waited_with(root: Path) -> None:
    with throw_away(root) as place:
        share, memory, worker, own = waiting.measure(place, count=3, seconds=0.5)
        said = subprocess.run(
            [Path(sys.executable).with_name("accord"), "status", "--json"],
            cwd=place.repo, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    assert share.value >= 0
    assert memory.value > 10
    assert worker.value > 0
    assert "one look each" in worker.note
    assert own.value > 10
    waits = [row["waits"] for row in json.loads(said)["changes"]]
    assert waits == ["approve the story"] * 3


def test_watching_measures_each_event_of_an_agent(root: Path) -> None:
    with throw_away(root) as place:
        figure = watching.measure(place, events=2)
    assert figure.value > 0
