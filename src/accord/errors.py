"""One tree of errors, each written for the person who meets it.

    AccordError
    |-- RefusedError        exit 1   the rules say no: a shut gate, a forged approval, a red test
    |-- ConfigurationError  exit 2   wrong usage, wrong place, unreadable configuration or document
    |-- ConflictError       exit 3   somebody else moved what this was about to change
    `-- AgentError          exit 4   the agent died, hung, flooded or answered garbage

Anything else that reaches the command line is a bug and exits 70.
"""


class AccordError(Exception):
    """A failure that a person can act on: one sentence with the fact, a hint with the next step."""

    kind = "error"
    exit_code = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Take the fact in one sentence and, if there is one, the command or act that helps."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class RefusedError(AccordError):
    """Raised when the rules say no and the state is left exactly as it was."""

    kind = "refused"
    exit_code = 1


class ConfigurationError(AccordError):
    """Raised for wrong usage, a wrong place, or a file that cannot be read as what it should be."""

    kind = "configuration"
    exit_code = 2


class ConflictError(AccordError):
    """Raised when a branch, a file or a lock is no longer what this step started from."""

    kind = "conflict"
    exit_code = 3


class AgentError(AccordError):
    """Raised when a coding agent could not be started or ended without usable work."""

    kind = "agent"
    exit_code = 4
