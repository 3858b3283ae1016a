"""The systems that are compared: what runs them, which versions are here, and what each cannot do."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cases import Case

FOLDER = Path(__file__).resolve().parent
ONE_BAR = re.compile(r"(?P<fixed>[^(|]+) \+ \((?P<effects>[^|()]+) \| (?P<group>\w+)\)")
"""A formula with one grouping factor and correlated effects, the only kind of statsmodels' MixedLM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Something that fits mixed models.

    Attributes
    ----------
    title : str
        As the table calls it.
    command : tuple[str, ...]
        Runs its worker.
    libraries : tuple[str, ...]
        Packages whose versions are recorded; the first one is what must be installed.
    posterior : bool
        Whether it gives posterior draws; otherwise estimates.
    caches : tuple[str, str] or None
        Environment variable that places its compile caches, and its value for a folder.
    """

    title: str
    command: tuple[str, ...]
    libraries: tuple[str, ...]
    posterior: bool
    caches: tuple[str, str] | None = None


PYTHON = (sys.executable, str(FOLDER / "worker.py"))
R = ("Rscript", str(FOLDER / "worker.R"))
NUMBA = ("NUMBA_CACHE_DIR", "{}")
OURS = ("bayesmixed", "nutpie", "numba", "numpy", "pandas")
SYSTEMS = {
    "bayesmixed": System(title="bayesmixed", command=PYTHON, libraries=OURS, posterior=True, caches=NUMBA),
    "reml": System(
        title='bayesmixed, method="reml"', command=PYTHON, libraries=OURS, posterior=False, caches=NUMBA
    ),
    # PyTensor keeps Numba's files itself, and would lose them if NUMBA_CACHE_DIR were set.
    "bambi": System(
        title="Bambi with nutpie",
        command=PYTHON,
        libraries=("bambi", "pymc", "nutpie", "numba", "numpy"),
        posterior=True,
        caches=("PYTENSOR_FLAGS", "base_compiledir={}"),
    ),
    "rstanarm": System(title="rstanarm", command=R, libraries=("rstanarm", "rstan", "R"), posterior=True),
    "brms": System(title="brms", command=R, libraries=("brms", "rstan", "R"), posterior=True),
    "lme4": System(title="lme4", command=R, libraries=("lme4", "R"), posterior=False),
    "statsmodels": System(
        title="statsmodels", command=PYTHON, libraries=("statsmodels", "numpy", "scipy"), posterior=False
    ),
}
"""In the order of the table: posteriors first."""


@cache
def r_versions() -> dict[str, str]:
    """Versions of R and of its packages that are used here; empty without R."""
    if shutil.which("Rscript") is None:
        return {}
    code = (
        "found <- c('lme4', 'rstanarm', 'brms', 'rstan', 'jsonlite');"
        "found <- intersect(found, rownames(installed.packages()));"
        "for (name in found) cat(name, as.character(packageVersion(name)), '\\n');"
        "cat('R', paste(R.version$major, R.version$minor, sep = '.'), '\\n')"
    )
    done = subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True)
    found = dict(line.split() for line in done.stdout.splitlines())
    return found if "jsonlite" in found else {}


def versions(name: str) -> dict[str, str]:
    """Versions of a system's packages; empty when it is not installed.

    Parameters
    ----------
    name : str
        Key of `SYSTEMS`.

    Returns
    -------
    dict[str, str]
        By package.
    """
    system = SYSTEMS[name]
    if system.command == R:
        found = r_versions()
        return {key: found[key] for key in system.libraries} if system.libraries[0] in found else {}
    try:
        return {key: version(key) for key in system.libraries}
    except PackageNotFoundError:
        return {}


def refusal(name: str, case: Case) -> str | None:
    """Why a system is left out of a case.

    Parameters
    ----------
    name : str
        Key of `SYSTEMS`.
    case : Case
        The model.

    Returns
    -------
    str or None
        None when it takes part.
    """
    if not versions(name):
        return "not installed"
    if case.only and name not in case.only:
        return "does not have this model"
    if name == "statsmodels" and case.family != "gaussian":
        return "its generalized mixed models are variational"
    if name == "statsmodels" and ONE_BAR.fullmatch(str(case.formula)) is None:
        return "one grouping factor only"
    if name == "reml" and case.family != "gaussian":
        return "linear models only"
    return None


def caches_in(name: str, folder: Path) -> dict[str, str]:
    """Environment that places a system's compile caches in a folder.

    Parameters
    ----------
    name : str
        Key of `SYSTEMS`.
    folder : Path
        The folder, empty for a cold run.

    Returns
    -------
    dict[str, str]
        Empty when the system keeps none.
    """
    caches = SYSTEMS[name].caches
    return {} if caches is None else {caches[0]: caches[1].format(folder)}


def leave_when_told() -> None:
    """Turn the signal to end into an exit that ends the running worker too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))


def machine() -> str:
    """This machine in words: processors, memory, operating system."""
    import psutil

    names = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", names.read_text()) if names.exists() else None
    processor = found[1].strip() if found else platform.machine()
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores ({processor}), {memory:.0f} GB of memory, {platform.system()}"


def as_json(case: Case) -> str:
    """A case as the workers read it."""
    return json.dumps({"formula": case.formula, "factors": case.factors, "family": case.family})
