"""One question for a criterion that names a risk: what would happen then?

Readers who are asked what happens in a situation find more in requirements than those who read
them with or without a list (Porter, Votta, Basili, IEEE TSE 21(6), 1995), and one pointed question
does what a list of twenty does not. So there is one question, by the kind of risk.
"""

import re

from accord.core.policy import risk_word

MARK = "Scenario:"

_KINDS = (
    (r"pay|payment|billing|invoice|refund",
     "Asked twice, in two tabs: what is paid?"),
    (r"delet|migrat|schema", "Cut off half-way: what is left, what undoes it?"),
    (r"personal|gdpr", "Who sees it, how long, what removes it?"),
    (r"secret|token|password|passkey|encrypt|crypto",
     "In other hands: who notices, what holds?"),
    (r"", "Who must not, and what do they see?"),
)  # fmt: skip


def question(text: str) -> str:
    """Return what to ask of a criterion that says `text`; empty without a risk, or once answered.

    The longest criterion is as short as a question must be: one is asked, never two.
    """
    word = risk_word(text).casefold()
    if not word or MARK in text:
        return ""
    return next(asked for kind, asked in _KINDS if re.match(kind, word))
