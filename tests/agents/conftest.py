import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from accord.core.orders import (
    AgentChoice,
    AgentKind,
    AgentOrder,
    Limits,
)

PATIENT = Limits(total_s=120.0, idle_s=120.0)


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def scripted(tmp_path: Path, workdir: Path) -> Callable[[str], AgentOrder]:
    """Give an order for the scripted agent that plays the given script."""

    def order(script: str) -> AgentOrder:
        path = tmp_path / "script.toml"
        path.write_text(script, encoding="utf-8")
        agent = AgentChoice("Scripted", AgentKind.SCRIPTED, (str(path),))
        return AgentOrder("cart/T1/1", agent, str(workdir), "build it", ("src/**",), PATIENT)

    return order


@pytest.fixture
def over_acp(scripted: Callable[[str], AgentOrder]) -> Callable[[str], AgentOrder]:
    """Give an order that names the command of the scripted agent, as for any other ACP agent."""

    def order(script: str) -> AgentOrder:
        plain = scripted(script)
        command = (sys.executable, "-I", "-m", "accord.agents.scripted", *plain.agent.command)
        agent = AgentChoice("Agent", AgentKind.ACP, command)
        return evolve(plain, agent=agent)

    return order
