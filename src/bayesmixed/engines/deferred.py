"""Importing nutpie without the plots of ArviZ, which it loads for a conversion that is not used here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any

from bayesmixed_program import ctrl_c_waits

DEFERRED = "arviz"

_running = RLock()


class DeferredModule(ModuleType):
    """A module whose code runs when a name is first looked up in it: the one and whole module for everybody.

    `importlib.util.LazyLoader` runs the code at the next ``import`` of the module, which would be nutpie's.
    """

    def __getattr__(self, name: str) -> Any:
        with _running:  # other threads wait for the whole module
            state = vars(self)
            if type(self) is DeferredModule and "__running__" not in state:
                state["__running__"] = True
                try:
                    state["__spec__"].loader.exec_module(self)
                    self.__class__ = ModuleType  # type: ignore[assignment]
                finally:
                    del state["__running__"]
        return ModuleType.__getattribute__(self, name)


class _Later(Loader):
    """A loader whose modules are deferred; from then on they name the loader that runs their code."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:  # noqa: ARG002
        """Python's own."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing yet."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        module.__class__ = DeferredModule


class _Deferring(MetaPathFinder):
    """A finder that defers one module."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Spec of the deferred module, none of any other."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == DEFERRED else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Later(spec.loader)
        return spec


def nutpie() -> Any:
    """nutpie; ArviZ is in ``sys.modules`` afterwards, and runs when it is used.

    Python's own locks of imports hold: a thread that imports ArviZ meanwhile gets this very module.
    """
    with ctrl_c_waits():
        if DEFERRED not in sys.modules:
            finder = _Deferring()
            sys.meta_path.insert(0, finder)
            try:
                import_module(DEFERRED)
            finally:
                sys.meta_path.remove(finder)
        return import_module("nutpie")
