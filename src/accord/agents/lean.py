"""Has the protocol's models built when they are first used: a run needs few of the hundreds."""


def defer_models() -> None:
    """Let every model of pydantic that is defined from here on be built when it is first used.

    To be called before `acp` is imported, in a process that is there for one run: a quarter of
    what its import takes is saved (`defer_build`, pydantic's documentation of `ConfigDict`).
    """
    from pydantic import BaseModel

    BaseModel.model_config["defer_build"] = True
