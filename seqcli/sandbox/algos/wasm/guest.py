"""One instance of a module, in its limits. Fuel decides (the same everywhere); an epoch stops what fuel does not see.

Not compiled here: `Program`. A trap leaves the instance unusable.
"""

import ctypes
from collections.abc import Callable
from typing import Any, cast

import wasmtime
from wasmtime import _bindings as raw

from seqcli.sandbox.algos.modules import kind_of, read
from seqcli.sandbox.algos.wasm import abi

FUEL = 10_000_000
"""Instructions of one callback: about the ten milliseconds that are allowed."""
START_FUEL = 100_000_000
MEMORY_BYTES = 16 << 20
EPOCH_TICKS = 2
STACK_BYTES = 256 << 10
LOG_BYTES = 512

_LABEL_BYTES, _PAYLOAD_BYTES = 32, 256
_CALLBACKS = {
    "algo_on_book": kind_of(2, 1),
    "algo_on_book_v3": kind_of(3, 1),
    "algo_on_fill": kind_of(2, 0),
    "algo_on_reject": kind_of(1, 0),
    "algo_on_shutdown": kind_of(1, 1),
    "algo_on_heartbeat": kind_of(2, 1),
    "algo_on_message": kind_of(5, 1),
}
"""What is called, with its one type; another type is not called."""
_NEWER = ("algo_on_book_v3", "algo_on_heartbeat", "algo_on_message")

Log = Callable[[int, bytes], None]
Send = Callable[[bytes, bytes], int]


class Trapped(Exception):
    """The module did what it may not; the text says what."""


class Program:
    """A compiled module; instances of it share its code."""

    def __init__(self, module: bytes, *, epochs: bool = False) -> None:
        shape = read(module)
        self.callbacks = {name for name, kind in _CALLBACKS.items() if shape.exports.get(name) == kind}
        newer = any(name in self.callbacks for name in _NEWER)
        roomy = shape.pages << 16 >= abi.REGIONS_END  # what is grown later belongs to the module's heap
        self.takes_regions = (
            newer and roomy and not any(start < abi.REGIONS_END and end > abi.REGIONS_AT for start, end in shape.data)
        )
        config = wasmtime.Config()
        config.consume_fuel = True
        config.epoch_interruption = epochs
        config.max_wasm_stack = STACK_BYTES
        config.wasm_threads = False
        config.memory_reservation = MEMORY_BYTES
        config.memory_guard_size = 1 << 16
        config.memory_may_move = False
        config.memory_init_cow = False  # it would write files, which a child may not
        config.parallel_compilation = False
        config.cranelift_nan_canonicalization = True
        self.epochs = epochs
        self.engine = wasmtime.Engine(config)
        try:
            self.module = wasmtime.Module(self.engine, module)
        except wasmtime.WasmtimeError as error:
            raise Trapped(f"does not compile: {_first_line(error)}") from None


class Guest:
    """An instance. `log` takes its lines (level, text); `send` its messages. Raises `Trapped` from every method."""

    def __init__(self, program: Program, log: Log, send: Send | None = None) -> None:
        self._log, self._send = log, send or (lambda _label, _payload: 1)
        self._epochs = program.epochs
        self._store = wasmtime.Store(program.engine)
        self._store.set_limits(memory_size=MEMORY_BYTES, instances=1, memories=1, tables=4, table_elements=10_000)
        self._give(START_FUEL)
        self._memory: wasmtime.Memory | None = None
        self._base = self._length = 0
        linker = wasmtime.Linker(program.engine)
        self._offer(linker)
        try:
            exports = linker.instantiate(self._store, program.module).exports(self._store)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise Trapped(f"does not start: {_reason(error)}") from None
        self._memory = cast("wasmtime.Memory", exports["memory"])
        self._functions = {name: exports.get(name) for name in program.callbacks}
        self._takes_regions = program.takes_regions
        self._cells = (raw.wasmtime_val_raw_t * 5)()
        self._trap = ctypes.POINTER(raw.wasm_trap_t)()
        self._trap_way = ctypes.byref(self._trap)
        self._ways = {name: self._way(each) for name, each in self._functions.items()}
        self._on_book = "algo_on_book_v3" if "algo_on_book_v3" in self._ways else "algo_on_book"
        self._base = ctypes.cast(self._memory.data_ptr(self._store), ctypes.c_void_p).value or 0
        alloc = cast("wasmtime.Func", exports["algo_alloc"])
        self._book, self._state, self._small, self._features, self._message = (
            self._allocated(alloc, size)
            for size in (
                abi.BOOK_BYTES,
                abi.STATE_BYTES,
                abi.FILL_BYTES,
                abi.FEATURES_BYTES,
                _LABEL_BYTES + _PAYLOAD_BYTES,
            )
        )
        newer = (self._features,) if self._on_book == "algo_on_book_v3" else ()
        self._seen = (self._book, self._state, *newer)

    def has(self, callback: str) -> bool:
        """Whether it exports `callback` as a function."""
        return callback in self._functions

    def on_book(self, book: bytes, state: bytes) -> list[abi.Action]:
        """A book has changed; what the module wants now."""
        ctypes.memmove(self._base + self._book, book, abi.BOOK_BYTES)
        self._tell(state)
        return self._acting(self._on_book, self._seen)

    def on_fill(self, fill: bytes, state: bytes) -> None:
        """An order of its own was filled."""
        if self.has("algo_on_fill"):
            self._write(self._small, fill)
            self._tell(state)
            self._call("algo_on_fill", (self._small, self._state))

    def on_reject(self, reject: bytes) -> None:
        """An action of its own was refused."""
        if self.has("algo_on_reject"):
            self._write(self._small, reject)
            self._call("algo_on_reject", (self._small,))

    def on_heartbeat(self, state: bytes) -> list[abi.Action]:
        """A second has passed."""
        if not self.has("algo_on_heartbeat"):
            return []
        self._tell(state)
        return self._acting("algo_on_heartbeat", (self._state, self._features))

    def on_message(self, sender: bytes, payload: bytes, state: bytes) -> list[abi.Action]:
        """Another instance has sent something."""
        if not self.has("algo_on_message"):
            return []
        self._write(self._message, sender[:_LABEL_BYTES] + payload[:_PAYLOAD_BYTES])
        self._tell(state)
        start = self._message + len(sender[:_LABEL_BYTES])
        return self._acting("algo_on_message", (self._message, len(sender), start, len(payload), self._state))

    def configure(self, region: bytes) -> bool:
        """Write the parameters where a newer module reads them; False where its own data is, or too little memory."""
        if not self._takes_regions or self.memory_bytes < abi.CONFIG_AT + len(region):
            return False
        ctypes.memmove(self._base + abi.CONFIG_AT, region, len(region))
        return True

    def on_shutdown(self, state: bytes) -> list[abi.Action]:
        """It is stopped; what it wants done at last."""
        if not self.has("algo_on_shutdown"):
            return []
        self._tell(state)
        return self._acting("algo_on_shutdown", (self._state,))

    @property
    def memory_bytes(self) -> int:
        """The size of its memory."""
        return self._memory.data_len(self._store) if self._memory is not None else 0

    # -- inside ------------------------------------------------------------------------------------------------------

    def _tell(self, state: bytes) -> None:
        ctypes.memmove(self._base + self._state, state, abi.STATE_BYTES)

    def _way(self, function: Any) -> tuple[Any, Any]:
        return self._store._context(), ctypes.byref(function._func)  # noqa: SLF001 - the bindings' own way in

    def _acting(self, name: str, arguments: tuple[int, ...]) -> list[abi.Action]:
        pointer = self._call(name, arguments)
        try:
            return abi.actions(self._read(pointer, abi.ACTIONS_BYTES))
        except abi.TooMany as error:
            raise Trapped(str(error)) from None

    def _call(self, name: str, arguments: tuple[int, ...]) -> int:
        """Through the unchecked entry: thirty times as fast as the checked one. The types were checked at deploy."""
        cells = self._cells
        for place, value in enumerate(arguments):
            cells[place].i32 = value if value < 1 << 31 else value - (1 << 32)
        context, function = self._ways[name]
        raw.wasmtime_context_set_fuel(context, FUEL)
        if self._epochs:
            self._store.set_epoch_deadline(EPOCH_TICKS)
        error = raw.wasmtime_func_call_unchecked(context, function, cells, 5, self._trap_way)
        if error or self._trap:
            trap, self._trap = self._trap, ctypes.POINTER(raw.wasm_trap_t)()
            self._trap_way = ctypes.byref(self._trap)
            raise Trapped(f"{name}: {_taken(error, trap)}")
        return int(cells[0].i32) & 0xFFFFFFFF

    def _give(self, fuel: int) -> None:
        self._store.set_fuel(fuel)
        if self._epochs:
            self._store.set_epoch_deadline(EPOCH_TICKS)

    def _allocated(self, alloc: wasmtime.Func, size: int) -> int:
        try:
            pointer = int(alloc(self._store, size)) & 0xFFFFFFFF
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise Trapped(f"algo_alloc: {_reason(error)}") from None
        self._write(pointer, bytes(size))
        return pointer

    def _bounds(self, pointer: int, size: int) -> int:
        if pointer + size > self._length:
            self._length = self.memory_bytes
            if pointer + size > self._length:
                raise Trapped("points outside its memory")
        return self._base + pointer

    def _write(self, pointer: int, data: bytes) -> None:
        ctypes.memmove(self._bounds(pointer, len(data)), data, len(data))

    def _read(self, pointer: int, size: int) -> bytes:
        return ctypes.string_at(self._bounds(pointer, size), size)

    def _offer(self, linker: wasmtime.Linker) -> None:
        i32 = wasmtime.ValType.i32

        def log(level: int, pointer: int, length: int) -> None:
            size = length & 0xFFFFFFFF
            self._log(level & 0xFF, self._read(pointer & 0xFFFFFFFF, min(size, LOG_BYTES)))

        def send(label: int, label_length: int, payload: int, payload_length: int) -> int:
            sizes = label_length & 0xFFFFFFFF, payload_length & 0xFFFFFFFF
            if sizes[0] > _LABEL_BYTES or sizes[1] > _PAYLOAD_BYTES:
                return 2
            return self._send(self._read(label & 0xFFFFFFFF, sizes[0]), self._read(payload & 0xFFFFFFFF, sizes[1]))

        linker.define_func("env", "host_log_impl", wasmtime.FuncType([i32()] * 3, []), log)
        linker.define_func("env", "__seq_send", wasmtime.FuncType([i32()] * 4, [i32()]), send)


def _taken(error: Any, trap: Any) -> str:
    ours, wasmtime._func.LAST_EXCEPTION = wasmtime._func.LAST_EXCEPTION, None  # noqa: SLF001 - else the next call raises it
    if ours is not None:
        return str(ours)
    if error:
        return _reason(wasmtime.WasmtimeError._from_ptr(error))  # noqa: SLF001 - the bindings' own way
    return _reason(wasmtime.Trap._from_ptr(trap))  # noqa: SLF001


def _reason(error: Exception) -> str:
    text = str(error)
    if "all fuel consumed" in text or "interrupt" in text:
        return "used more than the time of one callback"
    if "memory minimum size" in text or "resource limit" in text:
        return f"wants more memory than {MEMORY_BYTES >> 20} MiB"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = next((line for line in lines if "wasm trap" in line), lines[0] if lines else type(error).__name__)
    return named.removeprefix("Caused by:").replace("wasm trap: ", "")[:200]


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:200]
