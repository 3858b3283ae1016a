"""The compiled functions that the engines share, and the libraries behind them."""

from __future__ import annotations

from importlib import import_module

from bayesmixed_program import ctrl_c_waits

with ctrl_c_waits():
    for _library in ("scipy.linalg", "scipy.optimize", "scipy.sparse"):
        import_module(_library)
    _target = import_module("numba.core.registry").cpu_target
    _target.typing_context.refresh()
    _target.target_context.refresh()
