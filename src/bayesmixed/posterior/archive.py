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
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from bayesmixed.errors import FileError

FORMAT = "bayesmixed fit"
VERSION = 2
OLDEST = 1
"""First version of the format that is still read."""
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
    if not OLDEST <= manifest["version"] <= VERSION:
        raise FileError(
            f"{shown} has version {manifest['version']} of the format, and this bayesmixed reads "
            f"{OLDEST} to {VERSION}; install the version of bayesmixed that wrote it."
        )
    return manifest


NAMES = b"bayesmixed_names"


def frame_bytes(frame: pd.DataFrame) -> bytes:
    """Frame as an Arrow stream.

    Arrow wants texts as column names, each once; columns and index levels travel under their positions, and
    their names as JSON in the schema.
    """
    data = _stream(frame)
    if data is None or not _equal(frame_from_bytes(data), frame):
        raise FileError(f"{_odd_part(frame)} holds values that cannot be saved; make them texts or numbers.")
    return data


def _stream(frame: pd.DataFrame) -> bytes | None:
    """Arrow stream, or None when Arrow has no type for a column or the index."""
    import pyarrow as pa

    anonymous = frame.set_axis([str(i) for i in range(frame.shape[1])], axis=1)
    anonymous.index = frame.index.set_names([f"index_{i}" for i in range(frame.index.nlevels)])
    anonymous.attrs = {}
    try:
        table = pa.Table.from_pandas(anonymous)
    except (pa.ArrowException, ValueError, TypeError, NotImplementedError):
        return None
    named = {
        "columns": plain(list(frame.columns)),
        "index": plain(list(frame.index.names)),
        "objects": _object_columns(frame),
        "object_index": _is_object(frame.index),
    }
    table = table.replace_schema_metadata({**table.schema.metadata, NAMES: json.dumps(named).encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _object_columns(frame: pd.DataFrame) -> list[int]:
    """Positions of the columns of Python objects, which Arrow gives back as texts or numbers."""
    return [i for i, dtype in enumerate(frame.dtypes) if pd.api.types.is_object_dtype(dtype)]


def _is_object(index: pd.Index[Any]) -> bool:
    """Whether an index of one level holds Python objects."""
    return index.nlevels == 1 and pd.api.types.is_object_dtype(index.dtype)


def _equal(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Whether values, types, index and names are equal; a missing object may be None or NaN."""
    if list(one.index.names) != list(other.index.names) or one.index.dtype != other.index.dtype:
        return False
    objects = _object_columns(one)
    if objects != _object_columns(other):
        return False
    rest = [i for i in range(one.shape[1]) if i not in objects]
    pairs = zip(_typed(one.iloc[:, objects]), _typed(other.iloc[:, objects]), strict=True)
    return one.iloc[:, rest].equals(other.iloc[:, rest]) and all(a == b for a, b in pairs)


def _typed(objects: pd.DataFrame) -> Iterator[list[tuple[type, Any] | None]]:
    """Type and value of every object of every column, None for a missing one."""
    for _, column in objects.items():
        missing = column.isna()
        yield [None if gone else (type(v), v) for v, gone in zip(column, missing, strict=True)]


def _odd_part(frame: pd.DataFrame) -> str:
    """Name of the first column that does not come back the same, else the index."""
    for i, name in enumerate(frame.columns):
        part = frame.iloc[:, [i]].reset_index(drop=True)
        data = _stream(part)
        if data is None or not _equal(frame_from_bytes(data), part):
            return f"Column {name!r}"
    return "The index of the data"


def frame_from_bytes(data: bytes) -> pd.DataFrame:
    """Frame from an Arrow stream that `frame_bytes` made."""
    import pyarrow as pa

    with pa.ipc.open_stream(data) as stream:
        table = stream.read_all()
    table.validate(full=True)  # pandas would follow offsets that lead out of memory
    named: dict[str, Any] = json.loads(table.schema.metadata[NAMES])
    frame: pd.DataFrame = table.to_pandas()
    for i in named["objects"]:
        frame[str(i)] = frame[str(i)].astype(object)
    if named["object_index"]:
        frame.index = frame.index.astype(object)
    frame.columns = pd.Index(restored(named["columns"]))
    frame.index.names = restored(named["index"])
    return frame


def plain(value: Any) -> Any:
    """Form of a value that JSON can hold and `restored` undoes."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case np.generic() | np.ndarray():
            return plain(value.tolist())
        case tuple():
            return {"tuple": [plain(item) for item in value]}
        case list():
            return [plain(item) for item in value]
        case dict():
            return {"dict": [[plain(key), plain(item)] for key, item in value.items()]}
    raise FileError(
        f"A label or attribute of type {type(value).__name__} cannot be saved: {value!r}; make it a text."
    )


def restored(value: Any) -> Any:
    """Value from the form that `plain` gave it."""
    match value:
        case {"tuple": items}:
            return tuple(restored(item) for item in items)
        case {"dict": pairs}:
            return {restored(key): restored(item) for key, item in pairs}
        case list():
            return [restored(item) for item in value]
    return value
