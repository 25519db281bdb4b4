"""argv → coreutils hand-over → app → exit status. The only place that ends the process."""

import os
import sys

from seqcli import __version__, handover

TYPE_CHECKING = False  # typing's own costs a bare interpreter's start
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn, TextIO

    from seqcli.errors import Failure

INTERRUPTED, READER_GONE = 130, 141


class Ended(KeyboardInterrupt):
    """SIGTERM or SIGHUP: unwinds as Ctrl-C does."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def main() -> "NoReturn":
    """Run `sys.argv` and end the process.

    Everything is written and closed by then; taking the interpreter apart would cost as much as a bare start again.
    """
    status = run()
    try:  # noqa: SIM105 - contextlib is a tenth of a bare start
        sys.stderr.flush()
    except (AttributeError, OSError):
        pass  # there is nobody left to tell
    os._exit(status)


def run() -> int:
    """Run `sys.argv`; the exit status."""
    arguments = sys.argv[1:]
    name = _name(sys.argv[0])
    try:
        if name == "seq" and handover.is_for_coreutils(arguments):
            return _not_ours(arguments)
        if arguments == ["--version"]:
            sys.stdout.write(f"seqcli {__version__}\n")
            return _flushed(0)
        return _flushed(_run(arguments, name))
    except BrokenPipeError:
        return _reader_gone()
    except KeyboardInterrupt:
        return INTERRUPTED


def _name(program: str) -> str:
    name = os.path.basename(program).lower().removesuffix(".exe")  # noqa: PTH119 - pathlib is heavy here
    return "seq" if name == "seq" else "seqcli"


def _not_ours(arguments: list[str]) -> int:
    sentence = handover.hand_over(sys.argv)
    from seqcli.errors import Usage

    return _tell(Usage(sentence), arguments)


def _run(arguments: list[str], name: str) -> int:
    """The command, with every way it can end turned into a status."""
    import gc

    gc.set_threshold(100_000, 20, 100)  # a command lives a tenth of a second; a server collects all the same
    _complete_streams()
    try:
        _catch_signals()
        from seqcli import app

        return app.run(arguments, name=name)
    except BrokenPipeError:
        raise
    except OSError as error:
        return _operating_system(error, arguments)
    except KeyboardInterrupt as interrupt:
        return _interrupted(interrupt, arguments)
    except Exception as error:  # noqa: BLE001 - the last net: no traceback reaches a user
        from seqcli.errors import Failure

        return _tell(error, arguments) if isinstance(error, Failure) else _bug(error, arguments)


def _tell(failure: "Failure", arguments: list[str]) -> int:
    try:
        from seqcli.commands import chosen, speaking

        return speaking.tell(failure, chosen.guess(arguments))
    except Exception as broken:  # noqa: BLE001 - an installation that can't even say what is wrong
        sys.stderr.write(f"seq: {failure}\nseq: {broken}: install seqcli again\n")
        return failure.exit_status


def _interrupted(interrupt: KeyboardInterrupt, arguments: list[str]) -> int:
    from seqcli.errors import Interrupted

    may_have_sent = "seqcli.desk.desk" in sys.modules
    _tell(Interrupted(f"interrupted{'; see what was sent: seq order pending' if may_have_sent else ''}"), arguments)
    return 128 + interrupt.number if isinstance(interrupt, Ended) else INTERRUPTED


def _bug(error: Exception, arguments: list[str]) -> int:
    from seqcli.errors import Failure

    if os.environ.get("SEQ_DEBUG"):
        import traceback

        from seqcli.client.redact import redact

        sys.stderr.write(redact("".join(traceback.format_exception(error))))
    shown = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _tell(
        Failure(f"a bug of ours: {shown}", hint="run it again with SEQ_DEBUG=1 and report what it prints"),
        arguments,
    )


def _operating_system(error: OSError, arguments: list[str]) -> int:
    from seqcli.errors import Failure

    return _tell(Failure(f"cannot read or write: {error.strerror or error}", code="IO"), arguments)


def _complete_streams() -> None:
    """A closed stream becomes one that swallows; text that a terminal can't show is replaced, never fatal."""
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we live
        else:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]


def _catch_signals() -> None:
    import signal

    def end(number: int, _frame: "FrameType | None") -> "NoReturn":
        raise Ended(number)

    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, end)


def _flushed(status: int) -> int:
    """What is still in the buffers goes out now, while a failure can still be told."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _abandon_stdout()
        return _operating_system(error, [])
    return status


def _reader_gone() -> int:
    _abandon_stdout()
    return READER_GONE


def _abandon_stdout() -> None:
    """Leave nothing for the interpreter to flush, and complain about, while it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


if __name__ == "__main__":
    main()
