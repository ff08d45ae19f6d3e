"""Has the protocol's models made with less work: a run needs few of the hundreds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def lean_models() -> Iterator[None]:
    """Let the models of pydantic that are defined meanwhile be built when they are first used.

    For the import of `acp` in a process that is there for one run: half of what that takes is
    saved (`defer_build` and `use_attribute_docstrings` in pydantic's documentation of
    `ConfigDict`). What `acp` says of each field, pydantic would read from its source, for JSON
    schemas that nobody asks a run for.
    """
    import pydantic

    given = pydantic.ConfigDict

    def lean(**settings: Any) -> pydantic.ConfigDict:
        return given(**settings | {"use_attribute_docstrings": False})

    pydantic.BaseModel.model_config["defer_build"] = True
    pydantic.ConfigDict = lean  # type: ignore[assignment,misc] # called like the class
    try:
        yield
    finally:
        pydantic.ConfigDict = given  # type: ignore[misc]
