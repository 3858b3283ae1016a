"""The one tree of errors and warnings: what was wrong, where, and what to write instead."""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Iterable

PACKAGE = os.path.dirname(__file__)


class BayesmixedError(ValueError):
    """Any mistake that bayesmixed can name; every error below is one."""


class FormulaError(BayesmixedError):
    """A formula that cannot be read.

    Parameters
    ----------
    message : str
        What is wrong, in one sentence.
    text : str, optional
        The formula as written; it is printed with a caret under `position`.
    position : int, optional
        Index in `text` of the first offending character.
    advice : str, optional
        What to write instead.
    """

    def __init__(self, message: str, text: str = "", position: int | None = None, advice: str = "") -> None:
        self.message, self.text, self.position, self.advice = message, text, position, advice
        lines = [message]
        if text:
            lines.append(f"  {text}")
        if text and position is not None:
            lines.append(f"  {' ' * position}^")
        if advice:
            lines.append(advice)
        super().__init__("\n".join(lines))


class DataError(BayesmixedError):
    """Data that the model cannot use: a column, a value, a level, a weight."""


class PriorError(BayesmixedError):
    """A prior for a parameter that the model does not have, or one that cannot be used there."""


class FamilyError(BayesmixedError):
    """An unknown family or link, or a response outside the family's support."""


class EngineError(BayesmixedError):
    """An engine was asked for a model that it cannot fit."""


class SamplingError(BayesmixedError):
    """Sampling broke off without draws."""


class FileError(BayesmixedError):
    """A saved fit that is damaged, foreign or of another version."""


class ConvergenceWarning(UserWarning):
    """The draws of a named quantity are too few or do not agree between chains."""


class DesignWarning(UserWarning):
    """A design that is legal and probably not what was meant."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line of the user's own code, however deep in the package the reason was found."""
    warnings.warn(message, category, skip_file_prefixes=(PACKAGE,))


def near_names(wrong: object, known: Iterable[object]) -> str:
    """List the known names most like a wrong one, or all, as a clause for an error message.

    Examples
    --------
    >>> near_names("days", ["Reaction", "Days", "Subject"])
    "Did you mean 'Days'?"
    """
    names = [str(name) for name in known]
    by_folded = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(str(wrong).casefold(), by_folded, n=3, cutoff=0.6)
    if near:
        return f"Did you mean {' or '.join(repr(by_folded[name]) for name in near)}?"
    return f"Known names: {', '.join(names)}." if names else "There are none."
