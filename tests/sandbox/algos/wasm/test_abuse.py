"""Modules that would harm: each is refused before it is kept, or trapped within its limits with a reason."""

import time

import pytest
import wasmtime

from seqcli.sandbox.algos.modules import NotAModule, check
from seqcli.sandbox.algos.wasm import abi, calls
from seqcli.sandbox.algos.wasm.guest import MEMORY_BYTES
from seqcli.sandbox.algos.wasm.process import Process

MEMORY = '(memory (export "memory") 2)'
ALLOC = '(func (export "algo_alloc") (param i32) (result i32) i32.const 4096)'
BOOK = '(func (export "algo_on_book") (param i32 i32) (result i32) i32.const 8192)'
SEEN, STATE = abi.book([(100, 1)], [(101, 1)], 1, 1), abi.state(abi.State())


def text(*parts: str) -> bytes:
    return bytes(wasmtime.wat2wasm(f"(module {' '.join(parts)})"))


def booked(body: str, *parts: str) -> bytes:
    """A module whose book callback does `body`."""
    return text(
        MEMORY, ALLOC, *parts, f'(func (export "algo_on_book") (param i32 i32) (result i32) (local i32) {body})'
    )


GOOD = text(MEMORY, ALLOC, BOOK)
FOREVER = "(loop $again br $again) i32.const 0"
MANY = "".join(f"(func (result i32) i32.const {number})" for number in range(20_000))

REFUSED = {
    "nothing": (b"", "magic"),
    "text": (b"<html>", "magic"),
    "truncated": (GOOD[: len(GOOD) // 2], "not a valid"),
    "half a header": (GOOD[:6], "magic"),
    "flipped bytes": (GOOD[:20] + bytes(byte ^ 0xFF for byte in GOOD[20:30]) + GOOD[30:], "not a valid"),
    "65,536 pages": (text('(memory (export "memory") 65536)', ALLOC, BOOK), "65536 pages"),
    "20,000 functions": (text(MEMORY, ALLOC, BOOK, MANY), "functions"),
    "no memory": (text("(memory 1)", ALLOC, BOOK), "no memory"),
    "no alloc": (text(MEMORY, BOOK), "algo_alloc"),
    "alloc of another type": (text(MEMORY, '(func (export "algo_alloc"))', BOOK), "algo_alloc"),
    "no callback": (text(MEMORY, ALLOC), "callback"),
    "callback of another type": (text(MEMORY, ALLOC, '(func (export "algo_on_book") (param i64))'), "callback"),
    "files": (text('(import "wasi_snapshot_preview1" "fd_write" (func))', MEMORY, ALLOC, BOOK), "fd_write"),
    "an import of ours with another type": (
        text('(import "env" "host_log_impl" (func (param i64)))', MEMORY, ALLOC, BOOK),
        "host_log_impl",
    ),
    "imported memory": (text('(import "env" "memory" (memory 1))', ALLOC, BOOK), "no function"),
    "an imported global": (text('(import "env" "g" (global i32))', MEMORY, ALLOC, BOOK), "no function"),
}
TRAPPED = {
    "a loop in start": (text(MEMORY, ALLOC, BOOK, "(func $begin (loop $again br $again)) (start $begin)"), "time"),
    "a trap in start": (text(MEMORY, ALLOC, BOOK, "(func $begin unreachable) (start $begin)"), "unreachable"),
    "a loop in alloc": (
        text(MEMORY, BOOK, f'(func (export "algo_alloc") (param i32) (result i32) {FOREVER})'),
        "time",
    ),
    "alloc outside memory": (
        text(MEMORY, BOOK, '(func (export "algo_alloc") (param i32) (result i32) i32.const -16)'),
        "outside",
    ),
    "a loop": (booked(FOREVER), "time"),
    "unreachable": (booked("unreachable"), "unreachable"),
    "division by nought": (booked("i32.const 1 i32.const 0 i32.div_u"), "divide by zero"),
    "reads outside": (booked("i32.const -8 i32.load"), "out of bounds"),
    "an answer outside": (booked("i32.const -8"), "outside"),
    "an answer at the very end": (booked("i32.const 131000"), "outside"),
    "seventeen actions": (booked("i32.const 8192 i32.const 17 i32.store i32.const 8192"), "17 actions"),
    "four billion actions": (booked("i32.const 8192 i32.const -1 i32.store i32.const 8192"), "actions"),
    "endless recursion": (booked("call $deep", "(func $deep (result i32) call $deep i32.const 1 i32.add)"), "stack"),
    "a bad indirect call": (
        booked("i32.const 7 call_indirect (result i32)", "(table 1 funcref)"),
        "undefined",
    ),
    "a log outside": (
        text(
            '(import "env" "host_log_impl" (func $log (param i32 i32 i32)))',
            MEMORY,
            ALLOC,
            '(func (export "algo_on_book") (param i32 i32) (result i32)'
            " i32.const 1 i32.const -4 i32.const 100 call $log i32.const 0)",
        ),
        "outside",
    ),
    "logs without end": (
        text(
            '(import "env" "host_log_impl" (func $log (param i32 i32 i32)))',
            MEMORY,
            ALLOC,
            '(func (export "algo_on_book") (param i32 i32) (result i32)'
            " (loop $again i32.const 1 i32.const 0 i32.const 64 call $log br $again) i32.const 0)",
        ),
        "time",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_algorithm_is_refused_by_name(name: str):
    module, says = REFUSED[name]
    with pytest.raises(NotAModule, match=says):
        check(module)


def outcome(module: bytes) -> str | None:
    """What becomes of a module that is loaded and shown a book."""
    process = Process(module, 1, labels=[], config=b"")
    try:
        if not process.ready(20):
            return process.dead
        return process.ask(calls.Request(calls.BOOK, 0, SEEN, STATE)).trap
    finally:
        process.close()


@pytest.mark.parametrize("name", TRAPPED)
def test_what_misbehaves_is_trapped_with_a_reason(name: str):
    module, says = TRAPPED[name]
    check(module)
    reason = outcome(module)
    assert reason is not None
    assert says in reason


def test_a_good_one_is_not_trapped():
    """The negative control of the whole file."""
    check(GOOD)
    assert outcome(GOOD) is None


def test_memory_stops_growing_at_its_limit():
    body = "(loop $more i32.const 16 memory.grow i32.const -1 i32.ne br_if $more) i32.const 8192"
    process = Process(booked(body), 1, labels=[], config=b"")
    assert process.ready(20)
    reply = process.ask(calls.Request(calls.BOOK, 0, SEEN, STATE))
    process.close()
    assert reply.trap is None
    assert reply.memory_bytes <= MEMORY_BYTES


def test_a_trap_of_one_instance_leaves_the_other():
    body = "i32.const 0 i32.load i32.const 1 i32.eq if unreachable end i32.const 0 i32.const 1 i32.store i32.const 8192"
    process = Process(booked(body), 2, labels=[], config=b"")
    assert process.ready(20)
    traps = [process.ask(calls.Request(calls.BOOK, number, SEEN, STATE)).trap for number in (0, 0, 1)]
    process.close()
    assert [trap is None for trap in traps] == [True, False, True]


def test_a_child_that_is_killed_is_noticed_and_answers_no_more():
    process = Process(GOOD, 1, labels=[], config=b"")
    assert process.ready(20)
    process._child.kill()
    process._child.wait()
    for _ in range(2):
        assert "ended" in str(process.ask(calls.Request(calls.BOOK, 0, SEEN, STATE)).trap)


def test_a_child_that_hangs_is_killed_in_time():
    import os
    import signal

    process = Process(GOOD, 1, labels=[], config=b"")
    assert process.ready(20)
    os.kill(process.pid, signal.SIGSTOP)
    began = time.monotonic()
    reply = process.ask(calls.Request(calls.BOOK, 0, SEEN, STATE))
    assert "in time" in str(reply.trap)
    assert time.monotonic() - began < 5
    assert process._child.returncode is not None


def test_the_same_fuel_traps_at_the_same_place():
    """Fuel, not the clock, decides: a count kept in memory is the same after two traps."""
    body = "(loop $again i32.const 0 i32.const 0 i32.load i32.const 1 i32.add i32.store br $again) i32.const 0"
    counts = []
    from seqcli.sandbox.algos.wasm.guest import Guest, Program, Trapped

    for _ in range(2):
        guest = Guest(Program(booked(body)), lambda _level, _text: None)
        with pytest.raises(Trapped, match="time"):
            guest.on_book(SEEN, STATE)
        counts.append(guest._read(0, 4))
    assert counts[0] == counts[1] != bytes(4)
