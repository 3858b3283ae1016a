"""Data frames as bytes and back: columns, categories, index and their names unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pandas as pd

from bayesmixed.errors import FileError
from bayesmixed.posterior.labels import plain, restored

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
