"""One file with checked members: written whole or not at all, read unharmed or refused."""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bayesmixed.errors import FileError

FORMAT = "bayesmixed fit"
VERSION = 1
MANIFEST = "manifest.json"
EXPANDED, SPARE = 50, 100_000_000
"""How many times as large as the file its parts may be, beside some bytes that are always allowed."""

# Fixed, so that the same fit gives the same bytes.
WHEN = (1980, 1, 1, 0, 0, 0)


def write_archive(path: str | os.PathLike[str], members: Mapping[str, bytes]) -> None:
    """Write a file that appears under its name only when it is complete.

    Parameters
    ----------
    path : str or path
        Where; a file that is there is replaced, and stays whole if writing breaks off.
    members : Mapping[str, bytes]
        What it holds, by name.

    Raises
    ------
    FileError
        When the folder does not exist or cannot be written.

    Notes
    -----
    A zip file whose manifest has the SHA-256 of every member. It is written beside the target, flushed to the
    disk, and moved over the target in one step.
    """
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            _write_zip(file, members)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except OSError as error:
        raise FileError(f"{os.fspath(path)!r} cannot be written: {error.strerror or error}.") from error
    finally:
        beside.unlink(missing_ok=True)


def _write_zip(file: Any, members: Mapping[str, bytes]) -> None:
    """Manifest and members as a zip file; draws (.npy) are stored, since deflating them saves little."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    manifest = json.dumps({"format": FORMAT, "version": VERSION, "sha256": digests}, indent=1).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in {MANIFEST: manifest, **members}.items():
            how = zipfile.ZIP_STORED if name.endswith(".npy") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, WHEN), data, how, compresslevel=1)


def read_archive(path: str | os.PathLike[str]) -> dict[str, bytes]:
    """Members of a file, each checked against the digest that was written with it.

    Parameters
    ----------
    path : str or path
        A file made by `write_archive`.

    Returns
    -------
    dict[str, bytes]
        Members by name, without the manifest.

    Raises
    ------
    FileError
        When there is no such file, or it is damaged, truncated, foreign or of a later version.
    """
    shown = repr(os.fspath(path))
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise FileError(f"{shown} cannot be read: {error.strerror or error}.") from error
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
    except ValueError as error:
        raise foreign from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise foreign
    if manifest.get("version") != VERSION:
        raise FileError(
            f"{shown} has version {manifest.get('version')} of the format, and this bayesmixed reads "
            f"{VERSION}; install the version of bayesmixed that wrote it."
        )
    return manifest
