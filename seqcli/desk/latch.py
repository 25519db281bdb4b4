"""The kill switch on this machine: a file that the send path reads. It works when nothing else does."""

import os
from pathlib import Path
from typing import Any

import msgspec

from seqcli import files
from seqcli.errors import PolicyRefused

EVERY_ACCOUNT = "every-account"


class Latch:
    """One file an account, named by the key's fingerprint; another covers every account."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: dict[str | None, Path] = {}

    def engage(self, account: str | None, now_ns: int, reason: str | None) -> None:
        """Latch `account`; None, where the key can't be read: every account. Durable when this returns."""
        record = {"account": account, "engaged_ns": now_ns, "reason": reason}
        files.replace(self._path(account), msgspec.json.encode(record))

    def release(self, account: str | None) -> None:
        """Take the latch of `account`, and the one of every account, away."""
        for path in {self._path(account), self._path(None)}:
            path.unlink(missing_ok=True)
        if self._folder.exists():
            files.sync_folder(self._folder)

    def record(self, account: str | None) -> dict[str, Any] | None:
        """What is known of the latch that stops `account`; None when nothing stops it."""
        for path in (self._path(None), self._path(account)):
            try:
                os.stat(path)  # noqa: PTH116 - a fifth of what opening it costs; the send path asks twice an order
                found: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
            except FileNotFoundError:
                continue
            except (OSError, msgspec.DecodeError):
                return {
                    "account": account,
                    "engaged_ns": None,
                    "reason": None,
                }  # there, and unreadable: it holds
            return found
        return None

    def check(self, account: str | None) -> None:
        """Raise `PolicyRefused` while the latch is on."""
        if self.record(account) is not None:
            raise PolicyRefused(
                "the kill switch is on: no new order leaves this machine",
                code="KILL_SWITCH",
                hint="seq killswitch status; seq killswitch off",
            )

    def _path(self, account: str | None) -> Path:
        """Made once: the send path asks for it before each attempt."""
        if account not in self._paths:
            self._paths[account] = self._folder / f"{account or EVERY_ACCOUNT}.json"
        return self._paths[account]
