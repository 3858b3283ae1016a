"""One file with checked members: written whole or not at all, read unharmed or refused."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import secrets
import stat
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from bayesmixed.errors import FileError

FORMAT = "bayesmixed fit"
VERSION = 1
MANIFEST = "manifest.json"
EXPANDED, SPARE = 50, 100_000_000
"""How many times as large as the file its parts may be, beside some bytes that are always allowed."""

OWNER_ONLY = 0o600
"""Permissions of a new file, which holds all rows of the data."""
BINARY = getattr(os, "O_BINARY", 0)

# Fixed, so that the same fit gives the same bytes.
WHEN = (1980, 1, 1, 0, 0, 0)


def write_archive(path: str | os.PathLike[str], members: Mapping[str, bytes]) -> None:
    """Write a zip file whose manifest has the SHA-256 of every member; a new one is the user's alone."""
    write_whole(path, lambda file: _write_zip(file, members), OWNER_ONLY)


def write_whole(
    path: str | os.PathLike[str], write: Callable[[IO[bytes]], object], permissions: int = 0o666
) -> None:
    """Write a file that appears under its name only when it is complete, or raise FileError.

    It is written beside the target, flushed to the disk, and moved over the target in one step; a file that
    is there stays whole if writing breaks off, and leaves its permissions to the new one.
    """
    try:
        target = Path(os.path.realpath(path))
        _replace(target, _regular(target), write, permissions)
    # A name with a null character is a ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{os.fspath(path)!r} cannot be written: {reason}.") from error


def _regular(path: Path) -> os.stat_result | None:
    """What the system knows of a file, None when there is none; OSError when it is something else."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a device, a pipe or the like"
        raise OSError(errno.EINVAL, f"it is {kind}, not a file")
    return found


def _replace(
    target: Path, replaced: os.stat_result | None, write: Callable[[IO[bytes]], object], permissions: int
) -> None:
    """Write a file and move it over another, whose owner and permissions it takes."""
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(
            os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | BINARY, permissions), "wb"
        ) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if replaced is not None:
            if hasattr(os, "chown"):
                with suppress(OSError):  # only root may give a file away
                    os.chown(beside, replaced.st_uid, replaced.st_gid)
            os.chmod(beside, stat.S_IMODE(replaced.st_mode))
        os.replace(beside, target)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _write_zip(file: IO[bytes], members: Mapping[str, bytes]) -> None:
    """Manifest and members as a zip file; draws (.npy) are stored, since deflating them saves little."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    manifest = json.dumps({"format": FORMAT, "version": VERSION, "sha256": digests}, indent=1).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {MANIFEST: manifest, **members}.items():
            how = zipfile.ZIP_STORED if name.endswith(".npy") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, WHEN), data, how, compresslevel=1)


def read_archive(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """Members of a file, each checked against the digest that was written with it."""
    shown = repr(os.fspath(path))
    try:
        _regular(Path(path))
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FileError(f"{shown} cannot be read: {reason}.") from error
    members = _members(content, shown)
    manifest = _manifest(members.pop(MANIFEST, b""), shown)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    if digests != manifest["sha256"]:
        raise FileError(
            f"{shown} is damaged: its parts are not those that were written; save the fit again, or take "
            "another copy."
        )
    return members


def _members(content: bytes, shown: str) -> dict[str, bytes]:
    """All members of a zip file."""
    if not content.startswith(b"PK"):
        raise FileError(f"{shown} is not a saved fit; fits are written by fit.save(path).")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > EXPANDED * len(content) + SPARE:
                raise zipfile.BadZipFile("its parts are larger than a fit's")
            return {name: archive.read(name) for name in archive.namelist()}
    # What a damaged zip file raises depends on the byte: BadZipFile, zlib.error, EOFError, ...
    except Exception as error:
        raise FileError(
            f"{shown} is damaged or cut off; save the fit again, or take another copy."
        ) from error


def _manifest(data: bytes, shown: str) -> dict[str, Any]:
    """Manifest, when it is one of ours that this version reads."""
    foreign = FileError(f"{shown} is not a saved fit; fits are written by fit.save(path).")
    try:
        manifest = json.loads(data)
    # So many brackets that the parser gives up are a RecursionError.
    except (ValueError, RecursionError) as error:
        raise foreign from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise foreign
    if not isinstance(manifest.get("version"), int) or not isinstance(manifest.get("sha256"), dict):
        raise foreign
    if manifest["version"] != VERSION:
        raise FileError(
            f"{shown} has version {manifest['version']} of the format, and this bayesmixed reads "
            f"{VERSION}; install the version of bayesmixed that wrote it."
        )
    return manifest
