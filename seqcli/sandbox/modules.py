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
_MAGIC = b"\0asm\1\0\0\0"
_I32 = 0x7F
_FUNCTION, _TABLE, _MEMORY, _GLOBAL = range(4)
_TYPES, _IMPORTS, _FUNCTIONS, _EXPORTS = 1, 2, 3, 7
_FUNCTION_TYPE = 0x60

Type = tuple[tuple[int, ...], tuple[int, ...]]
"""Parameters and results."""


def _type(parameters: int, results: int) -> Type:
    return (_I32,) * parameters, (_I32,) * results


_BOOK = {"algo_on_book": _type(2, 1), "algo_on_book_v3": _type(3, 1)}
_ALLOC = _type(1, 1)
_IMPORTABLE = {("env", "host_log_impl"): _type(3, 0), ("env", "__seq_send"): _type(4, 1)}


class NotAModule(ValueError):
    """The reason as a sentence."""


class Shape(msgspec.Struct):
    """What a module imports and exports; a name with None is no function."""

    imports: dict[tuple[str, str], Type | None]
    exports: dict[str, Type | None]
    memories: set[str]
    functions: int


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
