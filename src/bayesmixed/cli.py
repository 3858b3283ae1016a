"""The command line: ``bayesmixed fit FORMULA DATA``."""

from __future__ import annotations

import argparse
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from bayesmixed.errors import BayesmixedError, ConvergenceWarning, DesignWarning
from bayesmixed.options import Method
from bayesmixed.surface import unused_text

if TYPE_CHECKING:
    import pandas as pd
    from narwhals.typing import IntoDataFrame

    from bayesmixed.fits.mixed_fit import MixedFit
    from bayesmixed.fits.reml_fit import RemlFit

MISTAKE = 2
INTERRUPTED = 130
CLOSED = 141
"""What a shell reports of a program that SIGPIPE ended."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
SAMPLED = ("draws", "chains", "seed")
FOR_POSTERIORS = ("family", "link", *SAMPLED, "save")
"""Options that estimates by REML and maximum likelihood do not use."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line: arguments without the program's name, those of the process unless given.

    Returns 0; 2 after a mistake, which standard error explains; 130 after an interrupt that left no fit (the
    program ``bayesmixed`` gives 130 after every interrupt); 141 when the reader of the output has closed it,
    as ``head`` does. Arguments that cannot be parsed exit with code 2, ``--help`` and ``--version`` with code
    0.
    """
    try:
        try:
            return _run(argv)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _give_up_output()
        return CLOSED
    except OSError as error:
        _give_up_output()
        _say("error", f"Cannot write the output: {error.strerror or error}.", "bold red")
        return MISTAKE


def _run(argv: Sequence[str] | None) -> int:
    """Run a command line as long as its output can be written."""
    arguments = _parser().parse_args(argv)
    try:
        with _plain_warnings():
            arguments.command(arguments)
    except BayesmixedError as error:
        _say("error", str(error), "bold red")
        return MISTAKE
    except KeyboardInterrupt:
        _say("interrupted", "not everything that you asked for is complete.", "bold red")
        return INTERRUPTED
    return 0


def _give_up_output() -> None:
    """Send what is still to be written to nowhere, or Python would complain as it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    """Parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="bayesmixed", description="Bayesian mixed models from lme4 formulas."
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    fit = commands.add_parser("fit", help="fit a model and print its tables")
    fit.set_defaults(command=_fit)
    _add_fit_arguments(fit)
    listing = commands.add_parser("datasets", help="list the bundled data sets, or describe one")
    listing.add_argument("name", nargs="?", metavar="NAME", help="data set to describe")
    listing.set_defaults(command=_datasets)
    return parser


def _add_fit_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``bayesmixed fit``."""
    add = parser.add_argument
    add("formula", metavar="FORMULA", help="lme4 formula, e.g. 'Reaction ~ Days + (Days | Subject)'")
    add("data", metavar="DATA", help="CSV, TSV or Parquet file, or the name of a bundled data set")
    add(
        "-f",
        "--formula",
        dest="others",
        action="append",
        default=[],
        metavar="FORMULA",
        help="formula of another parameter, e.g. 'sigma ~ Days'; may be repeated",
    )
    add(
        "--method",
        choices=get_args(Method),
        default="bayes",
        help="the posterior, or lme4's estimates by REML or maximum likelihood (default bayes)",
    )
    add("--family", metavar="NAME", help="distribution of the response, e.g. binomial (default gaussian)")
    add("--link", metavar="NAME", help="link of the family, e.g. probit (default the family's own)")
    add("--weights", metavar="COLUMN", help="column of prior weights, or of trials of a proportion")
    add("--draws", type=_count, metavar="N", help="kept draws of each chain (default 1000)")
    add("--chains", type=_count, metavar="N", help="number of chains (default 4)")
    add("--seed", type=_seed, metavar="N", help="seed that makes the draws repeat")
    add(
        "--prob",
        type=_probability,
        default=0.95,
        metavar="P",
        help="probability inside intervals (default 0.95)",
    )
    add("--missing", choices=("drop", "raise"), default="drop", help="what to do with rows that lack a value")
    add("--report", type=Path, metavar="FILE.html", help="write one self-contained page")
    add("--csv", type=Path, metavar="DIR", help="write the tables into a folder, one CSV file each")
    add(
        "--spreadsheet",
        action="store_true",
        help="with --csv: put ' before texts that begin with = + - @, which a spreadsheet would run",
    )
    add("--save", type=Path, metavar="FILE", help="save the fit, to be loaded in Python")
    add("--quiet", action="store_true", help="do not print tables or progress")


class _Version(argparse.Action):
    """Option that prints the version, looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print it and leave."""
        from importlib.metadata import version

        print(f"bayesmixed {version('bayesmixed')}")
        parser.exit()


def _count(text: str) -> int:
    """Positive whole number."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _seed(text: str) -> int:
    """Whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def _probability(text: str) -> float:
    """Probability between 0 and 1, both excluded."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 1")
    return value


def _fit(arguments: argparse.Namespace) -> None:
    """Fit, print, write."""
    _check_targets(arguments)
    _check_method(arguments)
    from bayesmixed.datasets.load import read_data

    frame = read_data(arguments.data)
    fit = _sample(arguments, frame) if arguments.method == "bayes" else _estimate(arguments, frame)
    with _writing(lambda: _write(fit, arguments)):
        if not arguments.quiet:
            _print_tables(fit, arguments.prob)


def _check_method(arguments: argparse.Namespace) -> None:
    """Refuse options that need a posterior when the method gives an estimate."""
    given = [f"--{name}" for name in FOR_POSTERIORS if getattr(arguments, name) is not None]
    if arguments.method != "bayes" and given:
        raise BayesmixedError(unused_text(f"--method {arguments.method}", given, "--method bayes"))


def _formulas(arguments: argparse.Namespace) -> str | list[str]:
    """The formula with the response, with those of other parameters where given."""
    return [arguments.formula, *arguments.others] if arguments.others else str(arguments.formula)


def _sample(arguments: argparse.Namespace, frame: IntoDataFrame) -> MixedFit:
    """Posterior of a linear model, or of a generalized one when a family is named."""
    given = {name: getattr(arguments, name) for name in ("weights", "missing", *SAMPLED)}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    options["progress"] = not arguments.quiet and sys.stderr.isatty()
    if arguments.family or arguments.link:
        from bayesmixed.fits.glmer import glmer

        family = arguments.family or "gaussian"
        return glmer(_formulas(arguments), frame, family, link=arguments.link, **options)
    from bayesmixed.fits.lmer import lmer

    fit: MixedFit = lmer(_formulas(arguments), frame, **options)
    return fit


def _estimate(arguments: argparse.Namespace, frame: IntoDataFrame) -> RemlFit:
    """Estimate by REML or maximum likelihood."""
    from bayesmixed.fits.lmer import lmer

    given = {name: getattr(arguments, name) for name in ("method", "weights", "missing")}
    fit: RemlFit = lmer(_formulas(arguments), frame, **given)
    return fit


@contextmanager
def _writing(write: Callable[[], None]) -> Iterator[None]:
    """Write the files after the tables are printed, also when the reader of the tables has gone."""
    try:
        yield
        sys.stdout.flush()
    except OSError:
        write()
        raise
    write()


def _print_tables(fit: MixedFit | RemlFit, prob: float) -> None:
    """Print lme4's summary, then the shares of variance."""
    from bayesmixed.fits.mixed_fit import MixedFit
    from bayesmixed.tables.summary_parts import summary_parts

    if isinstance(fit, MixedFit):
        print(summary_parts(fit.draws, fit.spec, fit.run, fit.diagnostics(), prob=prob).text())
    else:
        print(fit)
    _print_shares(fit, prob)


def _print_shares(fit: MixedFit | RemlFit, prob: float) -> None:
    """Print the shares of variance, where they are known."""
    from bayesmixed.tables.printed import frame_table

    if not fit.spec.family.is_native:
        return
    if fit.spec.design.blocks:
        print(f"\nIntraclass correlation:\n{frame_table(fit.icc(prob=prob))}")
    print(f"\nExplained variance:\n{frame_table(fit.r2(prob=prob))}")


def _write(fit: MixedFit | RemlFit, arguments: argparse.Namespace) -> None:
    """Write the files that were asked for."""
    from bayesmixed.fits.mixed_fit import MixedFit
    from bayesmixed.report import estimate_tables, result_tables

    prob = arguments.prob
    with _telling_what_cannot_be_written():
        if arguments.save and isinstance(fit, MixedFit):
            fit.save(arguments.save)
        if arguments.csv:
            sampled = isinstance(fit, MixedFit)
            tables = result_tables(fit, prob=prob) if sampled else estimate_tables(fit, prob=prob)
            _write_tables(tables | {"coef": fit.coef(prob=prob)}, arguments)
        if arguments.report:
            fit.report(arguments.report, prob=prob)
    for target in filter(None, (arguments.save, arguments.csv, arguments.report)):
        _say("wrote", str(target), "green")


@contextmanager
def _telling_what_cannot_be_written() -> Iterator[None]:
    """Failure to write as a mistake that names the file."""
    try:
        yield
    except OSError as error:
        raise BayesmixedError(
            f"Cannot write {error.filename or 'the files'}: {error.strerror or error}."
        ) from error


def _write_tables(tables: Mapping[str, pd.DataFrame], arguments: argparse.Namespace) -> None:
    """Write every table as a CSV file of its name."""
    folder: Path = arguments.csv
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        shown = table.map(_harmless).rename(columns=_harmless) if arguments.spreadsheet else table
        shown.to_csv(folder / f"{name}.csv", index=False)


def _harmless(cell: object) -> object:
    """A cell that a spreadsheet does not take for a formula; text stays text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def _check_targets(arguments: argparse.Namespace) -> None:
    """Refuse, before anything is computed, files that cannot be written or would replace each other."""
    taken = {os.path.realpath(arguments.data): "the data"}
    for option in ("report", "save"):
        target: Path | None = getattr(arguments, option)
        if target is None:
            continue
        if target.is_dir():
            raise BayesmixedError(f"{str(target)!r} is a folder; name a file.")
        if not target.parent.is_dir():
            raise BayesmixedError(f"There is no folder {str(target.parent)!r} to write {target.name!r} into.")
        place = os.path.realpath(target)
        if place in taken:
            raise BayesmixedError(
                f"--{option} {str(target)!r} would replace {taken[place]}; name another file."
            )
        taken[place] = f"what --{option} writes"


def _datasets(arguments: argparse.Namespace) -> None:
    """List the bundled data sets, or describe one."""
    from bayesmixed.datasets.load import datasets, describe_dataset

    if arguments.name:
        print(describe_dataset(arguments.name))
        return
    from rich.console import Console
    from rich.table import Table

    listing = Table("name", "rows", "grouping factors", "title", box=None, header_style="bold")
    shown = datasets()[["name", "rows", "grouping_factors", "title"]].astype(str)
    for row in shown.itertuples(index=False, name=None):
        listing.add_row(*row)
    # A console on standard output would end the program its own way when that is closed.
    drawn = io.StringIO()
    Console(file=drawn, force_terminal=sys.stdout.isatty()).print(listing)
    print(drawn.getvalue(), end="")


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Warnings as one line each on standard error, ours whatever the filters say."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", ConvergenceWarning)
        warnings.simplefilter("always", DesignWarning)
        warnings.showwarning = lambda message, *_, **__: _say("warning", str(message), "bold yellow")
        yield


def _say(kind: str, message: str, style: str) -> None:
    """Tell something on standard error, its kind in colour."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with suppress(OSError):  # there is no other place to tell it
        console.print(f"{kind}:", style=style, end=" ")
        console.print(message, markup=False)
