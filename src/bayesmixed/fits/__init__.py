"""What fits a model, and the fits that come back."""

from __future__ import annotations

from importlib import import_module

from bayesmixed_program import ctrl_c_waits

with ctrl_c_waits():
    import_module("xarray")
