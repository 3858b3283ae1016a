"""Python values as JSON and back, types kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from bayesmixed.errors import FileError


def plain(value: Any) -> Any:
    """Form of a value that JSON can hold and `restored` undoes.

    Parameters
    ----------
    value : object
        Text, number, bool, None, or a list, tuple or dict of these. NumPy's numbers become Python's, arrays
        lists.

    Returns
    -------
    object
        Nested lists, texts, numbers; a tuple and a dict are tagged.

    Raises
    ------
    FileError
        When the value is of another kind.

    Examples
    --------
    >>> plain(("a", 1))
    {'tuple': ['a', 1]}
    >>> restored(plain({"a": (1, None)}))
    {'a': (1, None)}
    """
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
    """Value from the form that `plain` gave it.

    Parameters
    ----------
    value : object
        Read from JSON.

    Returns
    -------
    object
        The value as it was.

    Examples
    --------
    >>> restored({"tuple": ["a", 1]})
    ('a', 1)
    """
    match value:
        case {"tuple": items}:
            return tuple(restored(item) for item in items)
        case {"dict": pairs}:
            return {restored(key): restored(item) for key, item in pairs}
        case list():
            return [restored(item) for item in value]
    return value
