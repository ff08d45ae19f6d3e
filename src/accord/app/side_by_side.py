"""What the team decided about work side by side: `[serial]` and `[queue]` of the configuration."""

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from accord.app.tables import PATH, known, number, table, text, texts
from accord.errors import ConfigurationError

QUEUE = ("under_way", "slots", "union", "renumber", "regenerate", "drivers")


@frozen
class SideBySide:
    """How work side by side is kept from colliding; see docs/parallel.md.

    `serial` maps the name of a resource to the patterns of its paths. `under_way` is how many
    changes there may be between their first work and a person's decision, `slots` how many
    verifications run at once, `union` the patterns of files that take the lines of both sides,
    `renumber` those of files that are numbered in their order.
    `regenerate` maps a path to the command that writes it from the other files, `drivers` a
    pattern to the merge driver of the files that match.
    """

    serial: Mapping[str, tuple[str, ...]] = field(factory=dict)
    under_way: int = 10
    slots: int = 2
    union: tuple[str, ...] = ()
    renumber: tuple[str, ...] = ()
    regenerate: Mapping[str, str] = field(factory=dict)
    drivers: Mapping[str, str] = field(factory=dict)


def read(raw: Mapping[str, Any]) -> SideBySide:
    """Return what the tables of `raw` say. Raises ConfigurationError naming the key at fault."""
    names, queue = table(raw, "serial"), table(raw, "queue")
    known(queue, QUEUE, "queue.")
    commands, drivers = table(queue, "regenerate"), _drivers(table(queue, "drivers"))
    serial = {name: texts(names, name, ()) for name in names}
    for name, patterns in serial.items():
        if not patterns:
            raise ConfigurationError(f"{PATH}: serial.{name} names no paths")
    return SideBySide(serial, number(queue, "under_way", 10), number(queue, "slots", 2),
                      texts(queue, "union", ()), texts(queue, "renumber", ()),
                      {path: text(commands, path, "") for path in commands},
                      drivers)  # fmt: skip


def _drivers(raw: Mapping[str, Any]) -> dict[str, str]:
    found = {pattern: text(raw, pattern, "") for pattern in raw}
    for pattern, line in found.items():
        if "%A" not in line:
            raise ConfigurationError(
                f'{PATH}: queue.drivers."{pattern}" names no %A, where it leaves what it made',
                hint="write it as for git: PROGRAM %O %A %B",
            )
    return found
