"""Compiled entries on disk: read when they are whole, written where that can be done, or else done without.

Numba's own cache ends a program when no folder can be written or a file is damaged, and would run machine
code whose bits have flipped. Here a file begins with the digest of what follows, and its name holds a digest
of all that the code depends on: so there is no index, processes that write at once write the same, and a
file that is damaged is as good as none, compiled again and replaced.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import pickle
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import config, serialize
from numba.core.compiler import CompileResult
from numba.misc.appdirs import AppDirs

VARIABLE = "BAYESMIXED_CACHE"
DIGEST_BYTES = hashlib.sha256().digest_size
VERSIONS_KEPT = 8
"""How many versions of an entry stay in a folder: those of other processors, environments, releases."""

UNKEPT = (
    "bayesmixed: the compiled kernel cannot be kept in {folder!r} ({reason}), so that every new process "
    f"compiles it again; name a folder that can be written in the environment variable {VARIABLE}."
)
_told: set[str] = set()


def say_once(kind: str, text: str) -> None:
    """Tell the user something on standard error, unless something of its kind was told in this session."""
    if kind not in _told:
        _told.add(kind)
        print(text, file=sys.stderr)


def cache_folders() -> tuple[Path, ...]:
    """Folders where compiled entries may lie, best first: the named one, or the user's and then ours."""
    named = os.environ.get(VARIABLE) or config.CACHE_DIR  # type: ignore[attr-defined]  # set as it is loaded
    if named:
        return (Path(named).expanduser().absolute(),)
    own = Path(AppDirs(appname="bayesmixed", appauthor=False).user_cache_dir)
    beside = Path(__file__).resolve().parent / "__pycache__"
    # Without a home the first begins with "~".
    return tuple(folder for folder in (own, beside) if folder.is_absolute())


class KernelCache:
    """What Numba asks of a cache, for one entry.

    Parameters
    ----------
    function : callable
        The entry in Python.
    missing : callable
        Called when it is not on disk, before it is compiled.
    """

    def __init__(self, function: Callable[..., Any], *, missing: Callable[[], object]) -> None:
        self._function, self._missing = function, missing
        module = ".".join(function.__module__.split(".")[-2:])
        self._stem = f"{module}.{function.__name__}"

    def load_overload(self, signature: Any, context: Any) -> Any:
        """Compiled entry from disk, or None when there is none that is whole."""
        context.refresh()
        for folder in cache_folders():
            payload = _whole(folder / self._name(signature, context.codegen()))
            if payload is None:
                continue
            with suppress(Exception):  # compiling anew repairs it
                return CompileResult._rebuild(context, *pickle.loads(payload))
        self._missing()
        return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled entry in the first folder that takes it, or tell why none does."""
        payload = serialize.dumps(result._reduce())
        refusals = []
        for folder in cache_folders():
            try:
                _write(folder / self._name(signature, result.library.codegen), payload)
            except OSError as error:
                refusals.append(UNKEPT.format(folder=str(folder), reason=error.strerror or error))
                continue
            _forget_old(folder, self._stem)
            return
        if refusals:
            say_once("unkept", refusals[0])

    def _name(self, signature: Any, codegen: Any) -> str:
        """Name of the file: the entry, and a digest of its sources, the processor and the compilers."""
        code = self._function.__code__
        cells = tuple(cell.cell_contents for cell in self._function.__closure__ or ())
        digest = hashlib.sha256(Path(inspect.getfile(self._function)).read_bytes())
        versions = sys.implementation.cache_tag, numba.__version__, llvmlite.__version__
        place = code.co_firstlineno, str(signature), codegen.magic_tuple(), versions
        digest.update(repr(place).encode() + code.co_code + serialize.dumps(cells))
        return f"{self._stem}-{digest.hexdigest()[:20]}.nbc"


def _whole(path: Path) -> bytes | None:
    """What a file holds after the digest it begins with, or None when there is none or they differ."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, payload = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    return payload if hashlib.sha256(payload).digest() == digest else None


def _write(path: Path, payload: bytes) -> None:
    """Write a file under its digest that appears when it is complete."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        beside.write_bytes(hashlib.sha256(payload).digest() + payload)
        os.replace(beside, path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _forget_old(folder: Path, stem: str) -> None:
    """Remove all but the newest versions of an entry."""
    with suppress(OSError):  # another process may be doing the same
        versions = sorted(folder.glob(f"{stem}-*.nbc"), key=lambda path: path.stat().st_mtime)
        for path in versions[:-VERSIONS_KEPT]:
            path.unlink(missing_ok=True)
