"""Is this an algorithm? Size, function count, imports and exports of a WASM module are read; nothing is
compiled or run.

Source of the ABI: the vendor's algorithm crate: ``memory``, ``algo_alloc`` and one book callback are
exported, at most the
log and the message function are imported, each with its exact type.
"""

from collections.abc import Callable

import msgspec

MAX_FUNCTIONS = 10_000
"""Compiling is outside every limit of a running module, so its work is bounded beforehand."""
MAX_PAGES = 256
_MAGIC = b"\0asm\1\0\0\0"
_I32 = 0x7F
_FUNCTION, _TABLE, _MEMORY, _GLOBAL = range(4)
_TYPES, _IMPORTS, _FUNCTIONS, _MEMORIES, _EXPORTS, _DATA = 1, 2, 3, 5, 7, 11
_FUNCTION_TYPE = 0x60
_I32_CONST, _END = 0x41, 0x0B

Type = tuple[tuple[int, ...], tuple[int, ...]]
"""Parameters and results."""


def kind_of(parameters: int, results: int) -> Type:
    """The type of a function of so many u32 in and out."""
    return (_I32,) * parameters, (_I32,) * results


_BOOK = {"algo_on_book": kind_of(2, 1), "algo_on_book_v3": kind_of(3, 1)}
_ALLOC = kind_of(1, 1)
_IMPORTABLE = {("env", "host_log_impl"): kind_of(3, 0), ("env", "__seq_send"): kind_of(4, 1)}


class NotAModule(ValueError):
    """The reason as a sentence."""


class Shape(msgspec.Struct):
    """What a module imports and exports; a name with None is no function.

    `pages` is its memory at the start, 64 KiB each; `data` where its data lies in it, (start, end).
    """

    imports: dict[tuple[str, str], Type | None]
    exports: dict[str, Type | None]
    memories: set[str]
    functions: int
    pages: int = 0
    data: list[tuple[int, int]] = []


def check(raw: bytes) -> Shape:
    """The shape of an algorithm. Raises `NotAModule`."""
    if not raw.startswith(_MAGIC):
        raise NotAModule("not a WASM module: the magic bytes are missing")
    _validate(raw)
    shape = read(raw)
    if shape.functions > MAX_FUNCTIONS:
        raise NotAModule(f"{shape.functions} functions: at most {MAX_FUNCTIONS}")
    for (module, name), kind in shape.imports.items():
        if kind is None or _IMPORTABLE.get((module, name)) != kind:
            raise NotAModule(f"imports {module}.{name}, which is not offered (or not with this type)")
    if shape.pages > MAX_PAGES:
        raise NotAModule(f"wants {shape.pages} pages of memory at once: at most {MAX_PAGES}")
    if "memory" not in shape.memories:
        raise NotAModule("exports no memory")
    if shape.exports.get("algo_alloc") != _ALLOC:
        raise NotAModule("exports no algo_alloc(u32) -> u32")
    if not any(shape.exports.get(name) == kind for name, kind in _BOOK.items()):
        raise NotAModule("exports no book callback (algo_on_book or algo_on_book_v3)")
    return shape


def _validate(raw: bytes) -> None:
    import wasmtime

    try:
        wasmtime.Module.validate(wasmtime.Engine(), raw)
    except wasmtime.WasmtimeError as error:
        raise NotAModule(f"not a valid WASM module: {str(error).splitlines()[0][:200]}") from None


def read(raw: bytes) -> Shape:
    """The shape of a valid module. Raises `NotAModule` when the bytes end early."""
    try:
        return _read(_Bytes(raw, len(_MAGIC)))
    except (IndexError, UnicodeDecodeError) as error:
        raise NotAModule("not a valid WASM module: it ends early") from error


class _Bytes:
    def __init__(self, raw: bytes, at: int) -> None:
        self.raw = raw
        self.at = at

    def byte(self) -> int:
        value = self.raw[self.at]
        self.at += 1
        return value

    def number(self) -> int:
        """An unsigned LEB128."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004 - the last byte has no high bit
                return value

    def signed(self) -> int:
        """A signed LEB128 of 32 bits, as an address."""
        return self.number() & 0xFFFFFFFF

    def text(self) -> str:
        length = self.number()
        self.at += length
        return self.raw[self.at - length : self.at].decode("utf-8")

    def numbers(self) -> tuple[int, ...]:
        return tuple(self.number() for _ in range(self.number()))


def _read(source: _Bytes) -> Shape:
    sections: dict[int, int] = {}
    while source.at < len(source.raw):
        section, size = source.byte(), source.number()
        sections.setdefault(section, source.at)
        source.at += size

    def rows(section: int, each: Callable[[_Bytes], None]) -> None:
        if section in sections:
            part = _Bytes(source.raw, sections[section])
            for _ in range(part.number()):
                each(part)

    kinds: list[Type] = []
    functions: list[int] = []
    shape = Shape({}, {}, set(), 0)
    rows(_TYPES, lambda part: kinds.append(_signature(part)))
    rows(_IMPORTS, lambda part: _import(part, shape, kinds, functions))
    imported = len(functions)
    rows(_FUNCTIONS, lambda part: functions.append(part.number()))
    rows(_MEMORIES, lambda part: _room(part, shape))
    rows(_DATA, lambda part: _data(part, shape))
    rows(_EXPORTS, lambda part: _export(part, shape, kinds, functions))
    shape.functions = len(functions) - imported
    return shape


def _signature(part: _Bytes) -> Type:
    if part.byte() != _FUNCTION_TYPE:
        raise NotAModule("holds a type that is no function")
    return part.numbers(), part.numbers()


def _import(part: _Bytes, shape: Shape, kinds: list[Type], functions: list[int]) -> None:
    name, kind = (part.text(), part.text()), part.byte()
    shape.imports[name] = None
    if kind != _FUNCTION:
        raise NotAModule(f"imports {name[0]}.{name[1]}, which is no function")
    functions.append(part.number())
    shape.imports[name] = kinds[functions[-1]]


def _export(part: _Bytes, shape: Shape, kinds: list[Type], functions: list[int]) -> None:
    name, kind, index = part.text(), part.byte(), part.number()
    shape.exports[name] = kinds[functions[index]] if kind == _FUNCTION else None
    if kind == _MEMORY:
        shape.memories.add(name)


def _room(part: _Bytes, shape: Shape) -> None:
    limited = part.number() & 1
    shape.pages += part.number()
    if limited:
        part.number()


def _data(part: _Bytes, shape: Shape) -> None:
    """An active segment at a constant; what is placed by a global or copied in later is not seen."""
    flag = part.number()
    if flag == 2:  # noqa: PLR2004 - names its memory
        part.number()
    start = 0
    if flag != 1:
        opcode = part.byte()
        start = part.signed() if opcode == _I32_CONST else part.number()
        if part.byte() != _END:
            raise NotAModule("places data by a computation")
    size = part.number()
    part.at += size
    if flag != 1:
        shape.data.append((start, start + size))
