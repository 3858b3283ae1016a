"""Data that a command line names: a file, or a bundled data set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from bayesmixed.datasets.load import datasets, describe_dataset, load_dataset
from bayesmixed.errors import DataError, DesignWarning, near_names, warn

COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")


def read_data(source: str) -> pd.DataFrame:
    """Read a CSV, TSV or Parquet file, or else a bundled data set of that name.

    A file wins, also one with an ending after the name, such as ``cake.csv``; a warning says so.
    """
    path = Path(source)
    if path.is_file():
        return _read_file(path)
    if path.is_dir():
        raise DataError(f"{source!r} is a folder; name a CSV, TSV or Parquet file in it.")
    alike = _files_called(source)
    if alike:
        return _read_instead(source, alike)
    if path.suffix or path.parent != Path():
        raise DataError(f"There is no file {source!r}. {_near_files(path)}")
    try:
        return load_dataset(source)
    except DataError as error:
        known = [*datasets()["name"], *_files_in(path.parent)]
        raise DataError(
            f"{source!r} is neither a file nor a bundled data set. {near_names(source, known)}"
        ) from error


def _files_called(source: str) -> list[str]:
    """Files of the working folder that are called like a bundled data set, with an ending of data."""
    try:
        describe_dataset(source)
    except DataError:
        return []
    return [name for name in _files_in(Path()) if _stem(name) == source.casefold()]


def _stem(name: str) -> str:
    """Name of a file of data without its endings, in lower case; empty for other files."""
    path = Path(name.casefold())
    if path.suffix in COMPRESSED:
        path = path.with_suffix("")
    return path.stem if path.suffix in READERS else ""


def _read_instead(source: str, alike: list[str]) -> pd.DataFrame:
    """Read the file that is called like a bundled data set, and say so."""
    if len(alike) > 1:
        listed = " or ".join(map(repr, alike))
        raise DataError(
            f"{source!r} is a bundled data set, and files here are called so too: write {listed}."
        )
    frame = _read_file(Path(alike[0]))
    warn(
        f"{source!r} is read from the file {alike[0]!r}, not from the bundled data set of that name; "
        f"write {alike[0]!r}, or rename the file to have the bundled one.",
        DesignWarning,
    )
    return frame


def _read_file(path: Path) -> pd.DataFrame:
    """Read a file by what its name ends in."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in COMPRESSED]
    suffix = suffixes[-1] if suffixes else ""
    if suffix not in READERS:
        raise DataError(
            f"The name of {str(path)!r} does not say its format; it should end in {', '.join(READERS)}."
        )
    try:
        return READERS[suffix](path)
    except (ValueError, OSError, EOFError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise DataError(f"{str(path)!r} cannot be read as {suffix[1:].upper()}: {reason}.") from error


def _read_tabs(path: Path) -> pd.DataFrame:
    """Read a text file with tabs between the columns."""
    return pd.read_csv(path, sep="\t")


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": pd.read_csv,
    ".tsv": _read_tabs,
    ".tab": _read_tabs,
    ".parquet": pd.read_parquet,
    ".pq": pd.read_parquet,
}
"""How a file is read, by the end of its name."""


def _near_files(path: Path) -> str:
    """Files of the same folder with names like that of a missing one."""
    if not path.parent.is_dir():
        return f"There is no folder {str(path.parent)!r} either."
    near = near_names(path.name, _files_in(path.parent))
    return near if near.startswith("Did you mean") else "bayesmixed datasets lists the bundled data sets."


def _files_in(folder: Path) -> list[str]:
    """Names of the files of a folder, without the hidden ones."""
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith(".")
    )
