"""Criteria in Japanese and in Korean: a particle marks who is obliged, the obligation ends it.

`注文を受けた時、店はカートを保持すること` obliges the shop (店) to something at a time (時).
The forms are those of specs that people write: cc-sdd keeps the words WHEN, THEN, IF of EARS in
Japanese and writes no blank before THEN.
"""

import re

_JAPANESE = re.compile(
    r"^(?:(?P<condition>(?:WHEN|IF|WHILE|WHERE)\s.+?)\s*(?:THEN|THE)\s+"
    r"|(?P<time>[^、。]+?(?:時|場合|間))、)?"
    r"(?:(?P<subject>[^、。\s「」はが]{1,40})は、?)?"
    r"(?P<response>[^。]+(?:こと|なければならない)(?:（.*）)?)。?$"
)
_KOREAN = re.compile(r"^(?P<subject>\S{1,20})[은는]\s+(?P<response>[^\n]+야\s+합니다\.?)$")


def taken_apart(text: str) -> tuple[str, str, str]:
    """Return the condition, the subject and the response of a criterion; empty without a form."""
    for pattern in (_JAPANESE, _KOREAN):
        found = pattern.match(text)
        if found:
            said = found.groupdict()
            condition = said.get("condition") or said.get("time") or ""
            return condition, said["subject"] or "", said["response"] or ""
    return "", "", ""
