"""Makes packages load on their first use, for the openai SDK, whose type packages cost more than all the rest.

`import openai` loads some 500 modules of types (realtime, images, fine-tuning, …), more than half of its time and a
fifth of its memory, of which a chat needs a few. With `defer("openai.types")` each package below that name is there at
once but empty, and runs its own code when somebody asks it for a name it has not. Nothing else changes: whoever does
need those names gets them, only later.
"""

from __future__ import annotations

import sys
import threading
from importlib.machinery import PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec


_loading = threading.RLock()


def defer(prefix: str) -> None:
    """Load the package `prefix` and the packages below it on first use, if they are not loaded yet."""
    sys.meta_path.insert(0, _Finder(prefix))


class _Finder:
    """Finds modules as usual, but gives packages the deferring loader."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not f"{fullname}.".startswith(f"{self._prefix}."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.loader and spec.submodule_search_locations is not None:
            spec.loader = _Deferred(spec.loader)  # type: ignore[assignment]  # a loader by shape: the base class costs 30 ms
        return spec


class _Deferred:
    """A loader that leaves the module empty and tells it how to fill itself."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["_deferred"] = self._loader


class _Package(ModuleType):
    def __getattr__(self, name: str) -> Any:
        """Asked only for names that are not there yet."""
        with _loading:
            loader = None if name.startswith("__") else self.__dict__.pop("_deferred", None)
            if loader:
                loader.exec_module(self)
            if name in self.__dict__:
                return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
