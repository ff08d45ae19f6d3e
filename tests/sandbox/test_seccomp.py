"""The filter is a sound program for each processor: every jump lands, every way ends."""

import struct

import pytest

from accord.sandbox.seccomp import UnknownMachineError, program

_RETURN, _ALU_AND = 0x06, 0x54
ALLOWED, REFUSED, ABSENT = 0x7FFF0000, 0x00050001, 0x00050026


def judge(code: bytes, audit: int, number: int, *arguments: int) -> int:
    """Run the filter on one system call, as the kernel would."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("IIQ6Q", number, audit, 0, *padded)
    steps = list(struct.iter_unpack("HBBI", code))
    at, held = 0, 0
    while True:
        kind, yes, no, value = steps[at]
        at += 1
        if kind == _RETURN:
            return int(value)
        if kind == 0x20:
            (held,) = struct.unpack_from("I", data, value)
        elif kind == _ALU_AND:
            held &= value
        else:
            met = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[kind]
            at += yes if met else no


X86, ARM = 0xC000003E, 0xC00000B7
CASES = [
    ("x86_64", X86, 0, (), ALLOWED, "read"),
    ("x86_64", X86, 101, (), REFUSED, "ptrace"),
    ("x86_64", X86, 165, (), REFUSED, "mount"),
    ("x86_64", X86, 250, (), REFUSED, "keyctl"),
    ("x86_64", X86, 425, (), REFUSED, "io_uring_setup"),
    ("x86_64", X86, 435, (), ABSENT, "clone3"),
    ("x86_64", X86, 56, (0x01200011,), ALLOWED, "fork"),
    ("x86_64", X86, 56, (0x10000011,), REFUSED, "clone with CLONE_NEWUSER"),
    ("x86_64", X86, 56, (0x003D0F00,), ALLOWED, "a thread"),
    ("x86_64", X86, 16, (0, 0x5412), REFUSED, "TIOCSTI"),
    ("x86_64", X86, 16, (0, 0xFF00005412), REFUSED, "TIOCSTI with a high half"),
    ("x86_64", X86, 16, (0, 0x5401), ALLOWED, "TCGETS"),
    ("x86_64", X86, 0x40000000 | 101, (), ABSENT, "an x32 call"),
    ("x86_64", 0x40000003, 26, (), ABSENT, "a call of 32 bits"),
    ("x86_64", X86, 41, (1, 1, 0), ALLOWED, "a local socket"),
    ("x86_64", X86, 41, (40, 1, 0), REFUSED, "a socket to the machine's host"),
    ("x86_64", X86, 41, (38, 5, 0), REFUSED, "the crypto interface"),
    ("x86_64", X86, 41, (16, 3, 0), ALLOWED, "a route socket"),
    ("x86_64", X86, 41, (16, 3, 9), REFUSED, "an audit socket"),
    ("aarch64", ARM, 117, (), REFUSED, "ptrace"),
    ("aarch64", ARM, 220, (0x10000011,), REFUSED, "clone with CLONE_NEWUSER"),
    ("aarch64", ARM, 63, (), ALLOWED, "read"),
    ("aarch64", ARM, 198, (2, 1, 0), ALLOWED, "a TCP socket"),
]
ALONE = [
    ((1, 1, 0), REFUSED, "a local socket"),
    ((2, 1, 0), ALLOWED, "TCP"),
    ((2, 0x80801, 6), ALLOWED, "TCP that does not wait"),
    ((10, 1, 0), ALLOWED, "TCP over IPv6"),
    ((2, 2, 0), REFUSED, "UDP"),
    ((2, 0x80802, 17), REFUSED, "UDP that does not wait"),
    ((2, 1, 262), REFUSED, "multipath TCP, which Landlock does not watch"),
    ((2, 1, 132), REFUSED, "SCTP"),
    ((2, 3, 1), REFUSED, "a raw socket"),
    ((16, 3, 0), ALLOWED, "a route socket"),
    ((17, 3, 0), REFUSED, "packets"),
]


@pytest.mark.parametrize(("machine", "audit", "number", "given", "verdict", "what"), CASES)
def test_a_call_is_judged(
    machine: str, audit: int, number: int, given: tuple[int, ...], verdict: int, what: str
) -> None:
    assert judge(program(alone=False, machine=machine), audit, number, *given) == verdict, what


@pytest.mark.parametrize(("given", "verdict", "what"), ALONE)
def test_a_socket_without_namespaces_is_judged(
    given: tuple[int, ...], verdict: int, what: str
) -> None:
    assert judge(program(alone=True, machine="x86_64"), X86, 41, *given) == verdict, what
    assert judge(program(alone=True, machine="aarch64"), ARM, 198, *given) == verdict, what


@pytest.mark.parametrize(("number", "at"), [(44, 3), (46, 2), (307, 3)])
def test_a_connection_by_sending_is_refused_without_namespaces(number: int, at: int) -> None:
    flags = [0] * at + [0x20004000]
    assert judge(program(alone=True, machine="x86_64"), X86, number, *flags) == REFUSED
    assert judge(program(alone=True, machine="x86_64"), X86, number, *[0] * 6) == ALLOWED
    assert judge(program(alone=False, machine="x86_64"), X86, number, *flags) == ALLOWED


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("alone", [True, False])
def test_every_jump_lands_in_the_program(machine: str, alone: bool) -> None:
    steps = list(struct.iter_unpack("HBBI", program(alone=alone, machine=machine)))
    assert len(steps) <= 4096
    for at, (kind, yes, no, _) in enumerate(steps):
        if kind in (0x15, 0x35, 0x45):
            assert at + 1 + max(yes, no) < len(steps)
    assert steps[-1][0] == _RETURN


def test_a_machine_without_known_numbers_is_refused() -> None:
    with pytest.raises(UnknownMachineError, match="riscv64"):
        program(alone=False, machine="riscv64")
