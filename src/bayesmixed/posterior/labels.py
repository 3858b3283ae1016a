"""Python values as JSON and back, types kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.errors import FileError


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
