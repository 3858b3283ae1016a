"""What a verb answers, in plain numbers and texts: written to a file, and compared with another answer."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

CLOSE = 1e-12
"""Largest gap of two numbers, relative to them, that counts as the same number."""
SAME, NEAR, WORDS, DIFFERENT = "bitwise", "within 1e-12", "words", "different"
"""How an answer compares with the one that was written, from the best to the worst."""
PRINTED_ROWS = 60
"""Frames up to this length are recorded as printed, too."""
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
PNG = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
TIMES = ("created_at", "sampling_time", "seconds", "tuning_steps_time", "versions")


def texts_of(value: Any, hidden: Mapping[str, str]) -> str:
    """Text without pictures and without what changes from place to place, such as folders and versions."""
    text = PNG.sub("<png>", str(value))
    for what, instead in hidden.items():
        text = text.replace(what, instead)
    return text


def plain(value: Any, hidden: Mapping[str, str]) -> Any:
    """An answer as numbers, texts, arrays, and lists and dictionaries of them."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return texts_of(value, hidden)
    if isinstance(value, np.generic):
        return plain(value.item(), hidden)
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value) if value.dtype.kind in "biuf" else plain(value.tolist(), hidden)
    if isinstance(value, pd.DataFrame):
        columns = {f"{i}: {name}": value.iloc[:, i] for i, name in enumerate(value.columns)}
        printed = {"printed": str(value)} if len(value) <= PRINTED_ROWS else {}
        whole = {"index": value.index.to_numpy(), **columns, "attrs": dict(value.attrs), **printed}
        return plain(whole, hidden)
    if isinstance(value, pd.Series | pd.Index):
        return _column(value, hidden)
    if isinstance(value, xr.DataTree):
        return plain({group: value[group].to_dataset() for group in sorted(value.groups)}, hidden)
    if isinstance(value, xr.Dataset):
        parts = {**value.coords, **value.data_vars}
        return plain({"attrs": dict(value.attrs), **{str(name): parts[name] for name in parts}}, hidden)
    if isinstance(value, xr.DataArray):
        coords = {str(name): coord.values for name, coord in value.coords.items()}
        return plain({"dims": list(value.dims), "values": value.values, "coords": coords}, hidden)
    if isinstance(value, Mapping):
        return {str(key): plain(item, hidden) for key, item in value.items() if key not in TIMES}
    if isinstance(value, list | tuple):
        return [plain(item, hidden) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return plain({"printed": str(value), **fields}, hidden)
    raise TypeError(f"same_tables.py cannot record a {type(value).__name__}")


def _column(values: pd.Series | pd.Index, hidden: Mapping[str, str]) -> Any:
    """A column: an array of numbers, or a list of labels."""
    if pd.api.types.is_bool_dtype(values.dtype) or not pd.api.types.is_numeric_dtype(values.dtype):
        return [None if item is None or item is pd.NA or item != item else str(item) for item in values]
    return plain(values.to_numpy(), hidden)


def picture(axes: Any) -> list[dict[str, Any]]:
    """What stands on the axes of a plot."""
    from matplotlib import pyplot

    found = [_panel(ax) for ax in np.ravel(np.asarray(axes, dtype=object))]
    pyplot.close("all")
    return found


def _panel(ax: Any) -> dict[str, Any]:
    """Numbers and words of one panel."""
    labels = [ax.get_title(), ax.get_xlabel(), ax.get_ylabel()]
    ticks = [tick.get_text() for tick in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    legend = [] if ax.get_legend() is None else [text.get_text() for text in ax.get_legend().get_texts()]
    return {
        "labels": [*labels, *ticks, *legend, *(text.get_text() for text in ax.texts)],
        "limits": np.array([*ax.get_xlim(), *ax.get_ylim()]),
        "lines": [np.asarray(line.get_xydata(), dtype=float) for line in ax.lines],
        "patches": [np.asarray(patch.get_path().vertices) for patch in ax.patches],
        "offsets": [np.ma.filled(c.get_offsets().astype(float), np.nan) for c in ax.collections],
        "paths": [np.asarray(path.vertices) for c in ax.collections for path in c.get_paths()],
    }


def compared(new: Any, old: Any) -> tuple[str, float, str]:
    """How two answers compare: the word, the largest gap, and where or in which words they differ."""
    order = (SAME, NEAR, WORDS, DIFFERENT)
    worst: tuple[str, float, str] = (SAME, 0.0, "")
    for found in _differences(new, old, ""):
        if (order.index(found[0]), found[1]) > (order.index(worst[0]), worst[1]):
            worst = found
    return worst


def _differences(new: Any, old: Any, at: str) -> Iterator[tuple[str, float, str]]:
    """All places in which two answers are not the same bit by bit."""
    if isinstance(new, dict) and isinstance(old, dict):
        if list(new) != list(old):
            yield DIFFERENT, np.inf, f"{at}: {list(old)} became {list(new)}"
        for key in new.keys() & old.keys():
            yield from _differences(new[key], old[key], f"{at}/{key}")
    elif isinstance(new, list) and isinstance(old, list):
        if len(new) != len(old):
            yield DIFFERENT, np.inf, f"{at}: {len(old)} items became {len(new)}"
        for i, (one, other) in enumerate(zip(new, old, strict=False)):
            yield from _differences(one, other, f"{at}[{i}]")
    elif isinstance(new, str) and isinstance(old, str):
        if new != old:
            kinds = [text.split(":")[0] for text in (new, old)] if at == "/raises" else ["", ""]
            same = kinds[0] == kinds[1] and NUMBER.findall(new) == NUMBER.findall(old)
            changed = WORDS if same else DIFFERENT
            yield changed, 0.0 if changed == WORDS else np.inf, f"{at}: {_changed_lines(new, old)}"
    elif isinstance(new, np.ndarray | float | int) and isinstance(old, np.ndarray | float | int):
        yield from _number_differences(np.asarray(new), np.asarray(old), at)
    elif type(new) is not type(old) or new != old:
        yield DIFFERENT, np.inf, f"{at}: {str(old)[:200]!r} became {str(new)[:200]!r}"


def _number_differences(new: Any, old: Any, at: str) -> Iterator[tuple[str, float, str]]:
    """The largest gap of two arrays, relative to the larger number or a thousandth of the largest of all."""
    if new.shape != old.shape or new.dtype != old.dtype:
        yield DIFFERENT, np.inf, f"{at}: {old.dtype}{old.shape} became {new.dtype}{new.shape}"
    elif new.tobytes() != old.tobytes():
        one, other = new.astype(float), old.astype(float)
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        finite = np.isfinite(one) & np.isfinite(other)
        size = np.where(finite, np.maximum(np.abs(one), np.abs(other)), 0.0)
        with np.errstate(all="ignore"):
            gap = np.abs(one - other) / np.maximum(size, 1e-3 * size.max(initial=0.0))
        largest = float(np.where(same, 0.0, np.where(finite, gap, np.inf)).max(initial=0.0))
        yield (NEAR if largest <= CLOSE else DIFFERENT), largest, at


def _changed_lines(new: str, old: str) -> str:
    """The first lines that changed, of long ones the part that did."""
    lines = [
        line
        for line in difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    before = [line for line in lines if line.startswith("-")][:3]
    after = [line for line in lines if line.startswith("+")][:3]
    if before and after:
        pairs = enumerate(zip(before[0][1:], after[0][1:], strict=False))
        start = max(0, next((i for i, (one, other) in pairs if one != other), 0) - 40)
        before[0], after[0] = (line[0] + line[1 + start :] for line in (before[0], after[0]))
    return "\n      ".join(["", *(line[:160] for line in before + after)])
