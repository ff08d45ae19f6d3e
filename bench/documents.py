"""Documents of the size and shape that people write, made up but without a finding in them."""

_WHO = ("a shopper", "a guest", "the clerk", "a returning shopper", "the owner")
_WHEN = (
    "opens the cart after {n} days",
    "adds item number {n} to a full cart",
    "changes the amount of an item to {n}",
    "signs in on a second device with {n} items",
    "removes the last of {n} items",
)
_THEN = (
    "list the {n} items that were kept, the newest first",
    "answer with the total in cents and the count {n}",
    "keep the larger of both amounts and say so beside the item",
    "show the words 'your cart is empty' and a link to the catalogue",
    "refuse the item and name the limit of {n} items",
)
_PROSE = (
    """\
The cart is a list of lines, each with the number of an article and an amount. A line is written
when it changes and read once for each page; nothing is kept in memory between two requests, so
that any number of processes can serve the same shopper.""",
    """\
A cart that nobody opened for thirty days is taken away by a nightly job. The job reads the day of
the last visit, deletes in portions of a thousand and can be started twice without harm, since a
cart that is gone is left alone.""",
    """\
We looked at keeping the cart in the browser. It was rejected: the amount in stock would be known
only at the till, and *two devices* would never agree about what `cart.lines` holds.""",
)
_CODE = """\
```python
def merge(ours: Cart, theirs: Cart) -> Cart:
    lines = dict(ours.lines)
    for article, amount in theirs.lines.items():
        lines[article] = max(amount, lines.get(article, 0))
    return Cart(lines)
```
"""


def story(title: str, requirements: int, criteria: int) -> str:
    """Return a story with that many requirements and criteria for each."""
    parts = [
        f"# {title}\n\nShoppers lose what they chose when they come back the next day.\n",
        "## Questions\n\n- Q1 (answered) How long is a cart kept?\n  - Answer: thirty days\n",
        "## Assumptions\n\n- A1 (high, accepted) A guest is known by a cookie.\n",
        "## Requirements\n",
    ]
    for number in range(1, requirements + 1):
        who = _WHO[number % len(_WHO)]
        rows = [
            f"- R{number}.{one} WHEN {who} {_pick(_WHEN, number, one)} THE shop SHALL "
            f"{_pick(_THEN, one, number)}."
            for one in range(1, criteria + 1)
        ]
        wish = f"As {who}, I want what I chose to be kept, so that I need not choose again."
        parts.append(f"### R{number} Part {number} of the cart\n\n{wish}\n\n" + "\n".join(rows))
    return "\n\n".join([*parts, "## Out of scope\n\n- Wish lists\n- Gift cards\n"])


def design(title: str, requirements: int) -> str:
    """Return a design with one section for each requirement."""
    parts = [f"# {title}: design"]
    for number in range(1, requirements + 1):
        table = "| field | type |\n|---|---|\n| article | text |\n| amount | number |"
        prose = "\n\n".join(_PROSE[(number + one) % len(_PROSE)] for one in range(2))
        parts.append(f"## D{number} Part {number}\n\nSatisfies: R{number}\n\n{prose}\n\n{table}")
        parts.append(_CODE if number % 2 else "1. read the lines\n2. merge\n3. write the lines")
    return "\n\n".join(parts) + "\n"


def tasks(title: str, requirements: int) -> str:
    """Return a plan with one task for each requirement."""
    rows = [
        f"- [ ] T{number} Build part {number} of the cart and its tests\n"
        f"  - Satisfies: R{number}\n"
        f"  - Touches: src/part{number}/**, tests/test_part{number}.py\n"
        f"  - After: {f'T{number - 1}' if number % 3 == 0 else '-'}\n"
        f"  - Verify: sh check.sh\n"
        for number in range(1, requirements + 1)
    ]
    return f"# {title}: tasks\n\n" + "".join(rows)


def _pick(choice: tuple[str, ...], one: int, other: int) -> str:
    return choice[(one + other) % len(choice)].format(n=one * 7 + other)
