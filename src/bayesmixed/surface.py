"""What functions that users call do beside their work: wrong arguments are answered, tables print whole."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import NoReturn, cast

from bayesmixed.errors import BayesmixedError, near_names
from bayesmixed.habits import EVERY_FIT, FITTING_ARGUMENTS, VERB_ARGUMENTS
from bayesmixed.printing.frame import as_result
from bayesmixed.printing.records import wrapped
from bayesmixed.printing.table import clean

UNNAMED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def public[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """A function that a user calls: arguments that it does not take are answered, its table prints whole."""
    parameters = inspect.signature(function).parameters
    kinds = [parameter.kind for parameter in parameters.values()]
    takes_all = inspect.Parameter.VAR_KEYWORD in kinds
    most = math.inf if inspect.Parameter.VAR_POSITIONAL in kinds else sum(kind in UNNAMED for kind in kinds)

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        unknown = () if takes_all else tuple(name for name in kwargs if name not in parameters)
        if unknown:
            raise TypeError(_unknown_argument(function, unknown[0]))
        if len(args) > most:
            raise TypeError(_unnamed_argument(function, args[int(most)]))
        return cast("R", as_result(function(*args, **kwargs)))

    return called


def public_methods[C](cls: type[C]) -> type[C]:
    """Class decorator: every method without a leading underscore, inherited ones too, is :func:`public`."""
    for name in method_names(cls):
        setattr(cls, name, public(inspect.getattr_static(cls, name)))
    return cls


def uses[**P, R](
    argument: str, used: Mapping[str, Collection[str]], instead: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator of a function in which the word given for one argument says which others play a part.

    Returns: the decorator. The function then raises BayesmixedError for an argument that is given, other than
    as None, but not used.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        default = inspect.signature(function).parameters[argument].default

        @wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            word = str(kwargs.get(argument, default))
            known = {argument, *used.get(word, kwargs)}
            unused = [f"{name}=" for name, value in kwargs.items() if name not in known and value is not None]
            if unused:
                raise BayesmixedError(unused_text(f"{argument}={word!r}", unused, f"{argument}={instead!r}"))
            return function(*args, **kwargs)

        return checked

    return decorate


def unused_text(choice: str, unused: Collection[str], instead: str) -> str:
    """Say that a choice does not use what was given."""
    *first, last = unused
    listed, them = (f"{', '.join(first)} and {last}", "them") if first else (last, "it")
    return f"{choice} does not use {listed}; leave {them} out, or use {instead}."


def no_such_attribute(fit: object, name: str, known: Mapping[str, str]) -> NoReturn:
    """Refuse an attribute that a fit does not have, with what to write instead."""
    words = {**EVERY_FIT, **known}
    said = f"{type(fit).__name__} has no attribute {name!r}."
    if name in words:
        raise AttributeError(f"{said} Write {words[name]}.")
    if name.startswith("_"):
        raise AttributeError(said)
    raise AttributeError(f"{said} {near_names(name, public_names(type(fit)))}")


def public_names(cls: type) -> list[str]:
    """Names of a class without a leading underscore."""
    return [name for name in dir(cls) if not name.startswith("_")]


def method_names(cls: type) -> list[str]:
    """Names of the methods of a class without a leading underscore."""
    return [name for name in public_names(cls) if inspect.isfunction(inspect.getattr_static(cls, name))]


def pictures(cls: type, formula: str) -> str:
    """Names of the pictures of a class of plots, for its ``repr``."""
    return wrapped(f"Pictures of {clean(formula)}: {', '.join(method_names(cls))}")


def _unknown_argument(function: Callable[..., object], name: str) -> str:
    """Say what to write in place of an argument that a function does not take."""
    known = [known for known in inspect.signature(function).parameters if known != "self"]
    habits = FITTING_ARGUMENTS if "formula" in known else VERB_ARGUMENTS
    advice = f"Write {habits[name]}." if name in habits else near_names(name, known)
    return f"{function.__name__}() has no argument {name!r}. {advice}"


def _unnamed_argument(function: Callable[..., object], value: object) -> str:
    """Say which arguments a value without a name can be meant for."""
    parameters = inspect.signature(function).parameters.values()
    named = [f"{p.name}=" for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    shown = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
    arguments = f"Its arguments: {', '.join(named)}." if named else "It has no arguments."
    return f"{function.__name__}() does not take {shown} without a name. {arguments}"
