"""What stands in a design for rows that were never brought into memory."""

from __future__ import annotations

from typing import Any, NoReturn

from numpy.lib.mixins import NDArrayOperatorsMixin

from bayesmixed.errors import DataError


class AbsentRows(NDArrayOperatorsMixin):
    """An array of rows that nobody has: every use of it is refused with one sentence.

    It stands where a design in memory has an array or a frame with one entry for each row, so that a verb
    which needs the rows cannot give a wrong number in silence.

    Raises
    ------
    DataError
        On any use.

    Examples
    --------
    >>> ABSENT
    rows that were not brought into memory
    >>> len(ABSENT)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    bayesmixed.errors.DataError: This needs the rows of the data.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse()

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        refuse()

    def __array_ufunc__(self, *_: Any, **__: Any) -> NoReturn:
        refuse()

    def __array_function__(self, *_: Any, **__: Any) -> NoReturn:
        refuse()

    def __len__(self) -> int:
        refuse()

    def __iter__(self) -> NoReturn:
        refuse()

    def __getitem__(self, _: Any) -> NoReturn:
        refuse()

    def __repr__(self) -> str:
        return "rows that were not brought into memory"


def refuse() -> NoReturn:
    """Refuse what needs the rows."""
    raise DataError(
        "This needs the rows of the data, and the model was fitted to their sums alone, where the data lie. "
        "Residuals and fitted values of a random sample of the rows are those of fit.sample_rows(); for "
        "other verbs give rows, as in fit.predict(fit.sample_rows().frame), fit a sample in memory, or ask "
        "for intervals that need no rows (method='wald' or 'none')."
    )


ABSENT: Any = AbsentRows()
"""In place of every array of rows of a design that has sums in their place."""
