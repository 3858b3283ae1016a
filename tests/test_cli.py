"""The command line: what it prints, what it writes, and how it refuses."""

from __future__ import annotations

import errno
import io
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayesmixed.cli import _plain_warnings, main
from bayesmixed.errors import ConvergenceWarning

FORMULA = "Yield ~ 1 + (1 | Batch)"
SHORT = ("--draws", "400", "--chains", "2", "--seed", "1", "--quiet")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with everything that one fit can write."""
    folder = tmp_path_factory.mktemp("written")
    files = (
        "--report",
        str(folder / "r.html"),
        "--csv",
        str(folder / "new" / "tables"),
        "--save",
        str(folder / "fit.nc"),
    )
    assert main(["fit", FORMULA, "dyestuff", *SHORT, "--prob", "0.9", *files]) == 0
    return folder


def test_fit_prints_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", FORMULA, "Dyestuff", *SHORT[:-1]]) == 0
    out = capsys.readouterr().out
    for piece in (
        FORMULA,
        "Batch",
        "Residual",
        "Intercept",
        "Intraclass correlation",
        "Explained variance",
        "97.5",
    ):
        assert piece in out


def test_prob_reaches_the_printed_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", FORMULA, "Dyestuff", *SHORT[:-1], "--prob", "0.8"]) == 0
    assert "97.5" not in capsys.readouterr().out


def test_report_is_a_page_of_the_fit(written: Path) -> None:
    page = (written / "r.html").read_text(encoding="utf-8")
    assert f"<title>{FORMULA}</title>" in page
    assert "90% interval" in page


def test_csv_folder_holds_every_table(written: Path) -> None:
    names = {path.stem for path in (written / "new" / "tables").iterdir()}
    assert names == {"fixef", "ranef", "coef", "varcorr", "icc", "r2", "priors", "diagnostics"}
    fixef = pd.read_csv(written / "new" / "tables" / "fixef.csv")
    assert fixef["term"].tolist() == ["Intercept"]
    assert 1400 < fixef["value"].item() < 1650
    assert {"lower_5", "upper_95"} <= set(fixef.columns)


def test_saved_fit_is_not_empty(written: Path) -> None:
    assert (written / "fit.nc").stat().st_size > 1000


def test_generalized_fit_is_printed_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    formula, page, tables = "incidence ~ size + (1 | herd)", tmp_path / "r.html", tmp_path / "tables"
    files = ("--report", str(page), "--csv", str(tables))
    assert main(["fit", formula, "cbpp", "--family", "negativebinomial", *SHORT[:-1], *files]) == 0
    out = capsys.readouterr().out
    assert "Family: negativebinomial (log)" in out
    assert "Intraclass correlation" in out
    text = page.read_text(encoding="utf-8")
    for piece in ("Family: negativebinomial (log)", "Parameters of the family: alpha", "quantile residual"):
        assert piece in text
    assert "Posterior beside REML" not in text
    assert pd.read_csv(tables / "priors.csv")["parameter"].tolist()[-1] == "alpha"


def test_seed_repeats_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    tables = []
    for _ in range(2):
        assert main(["fit", FORMULA, "Dyestuff", *SHORT[:-1]]) == 0
        tables.append(capsys.readouterr().out.partition("Fixed effects")[2])
    assert tables[0] == tables[1] != ""


@pytest.mark.parametrize(("method", "title"), [("reml", "REML"), ("ml", "maximum likelihood")])
def test_estimates_are_printed_and_written(
    method: str, title: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("--csv", str(tmp_path / "tables"), "--report", str(tmp_path / "r.html"))
    assert main(["fit", FORMULA, "Dyestuff", "--method", method, "--prob", "0.9", *files]) == 0
    out = capsys.readouterr().out
    assert f"fit by {title}" in out.split("\n")[0]
    assert "Intraclass correlation" in out
    assert "NA" not in out
    names = {path.stem for path in (tmp_path / "tables").iterdir()}
    assert names == {"fixef", "ranef", "coef", "varcorr", "icc", "r2", "glance"}
    assert pd.read_csv(tmp_path / "tables" / "glance.csv")["engine"].tolist() == [method]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "intervals have the confidence level 0.9" in page
    assert f"by {title}" in page


@pytest.mark.parametrize("method", ["bayes", "reml"])
def test_further_formulas_predict_other_parameters(method: str, capsys: pytest.CaptureFixture[str]) -> None:
    extra = ["--method", method] if method == "reml" else SHORT[:-1]
    formulas = ["Reaction ~ Days + (1 | Subject)", "sleepstudy", "-f", "sigma ~ Days"]
    assert main(["fit", *formulas, *extra]) == 0
    out = capsys.readouterr().out
    assert "Formula: Reaction ~ Days + (1 | Subject); sigma ~ Days" in out
    assert "Coefficients of log(sigma):" in out
    assert "Residual Days=9" in out
    assert main(["fit", *formulas, "-f", "sgima ~ 1", *extra]) == 2
    assert "Did you mean 'sigma'" in capsys.readouterr().err


def test_a_model_of_residuals_alone_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "Reaction ~ Days + ar(Days, gr=Subject)", "sleepstudy", "--method", "reml"]) == 0
    out = capsys.readouterr().out
    assert "Correlation of residuals, ar(Days, gr=Subject): ar 0.800." in out  # as nlme's gls
    assert "Intraclass correlation" not in out


def test_integer_codes_serve_as_grouping_factor(tmp_path: Path) -> None:
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0, 5.5, 8.0, 9.0, 3.0, 2.5], "g": [1, 1, 2, 2, 30, 30, 4, 4]})
    frame.to_csv(tmp_path / "d.csv", index=False)
    arguments = ["fit", "y ~ 1 + (1 | g)", str(tmp_path / "d.csv"), *SHORT, "--csv", str(tmp_path / "out")]
    assert main(arguments) == 0
    ranef = pd.read_csv(tmp_path / "out" / "ranef.csv", dtype={"group": str})
    assert set(ranef["group"]) == {"1", "2", "4", "30"}


@pytest.mark.parametrize(
    ("formula", "data", "extra", "message"),
    [
        ("Yield ~ 1 + (1 | Batch", "dyestuff", (), r"\^"),
        ("Yield ~ 1 + 1 | Batch", "dyestuff", (), "paren"),
        ("Yield ~ 1 + (1 | batch)", "dyestuff", (), "'Batch'"),
        ("yield_ ~ 1 + (1 | Batch)", "dyestuff", (), "Yield"),
        (FORMULA, "dyestuf", (), "Did you mean.*'Dyestuff'"),
        (FORMULA, "no/such/file.csv", (), "no file 'no/such/file.csv'"),
        (FORMULA, "dyestuff", ("--report", "no/such/r.html"), "no folder 'no/such'"),
        (FORMULA, "dyestuff", ("--save", "no/such/fit"), "no folder 'no/such'"),
        (FORMULA, "dyestuff", ("--save", "."), "is a folder"),
        (
            FORMULA,
            "dyestuff",
            ("--save", "f", "--report", "./f"),
            "--save 'f' would replace what --report writes",
        ),
        (FORMULA, "data.csv", ("--save", "data.csv"), "--save 'data.csv' would replace the data"),
        (FORMULA, "dyestuff", ("--family", "poison"), "no family 'poison'. Did you mean 'poisson'"),
        (FORMULA, "dyestuff", ("--family", "gamma", "--link", "logg"), "no link 'logg'"),
        (FORMULA, "dyestuff", ("--family", "beta"), "needs numbers between 0 and 1"),
        (FORMULA, "dyestuff", ("--method", "reml"), "reml does not use --draws, --chains and --seed; leave"),
    ],
)
def test_mistake_is_told_without_a_traceback(
    formula: str,
    data: str,
    extra: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fit", formula, data, *SHORT, *extra]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert re.search(message, captured.err)
    assert "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == []


def test_missing_values_can_be_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "d.csv"
    path.write_text("Yield,Batch\n1,a\n2,a\n,b\n4,b\n6,c\n7,c\n")
    assert main(["fit", FORMULA, str(path), *SHORT, "--missing", "raise"]) == 2
    assert "Yield" in capsys.readouterr().err


def test_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder")
    assert main(["fit", FORMULA, "dyestuff", *SHORT, "--csv", str(taken)]) == 2
    assert f"Cannot write {taken}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fit"],
        ["fit", FORMULA],
        ["fit", FORMULA, "dyestuff", "--draws", "0"],
        ["fit", FORMULA, "dyestuff", "--chains", "two"],
        ["fit", FORMULA, "dyestuff", "--prob", "95"],
        ["fit", FORMULA, "dyestuff", "--prob", "much"],
        ["fit", FORMULA, "dyestuff", "--seed", "-1"],
        ["fit", FORMULA, "dyestuff", "--missing", "ignore"],
        ["fit", FORMULA, "dyestuff", "--method", "lasso"],
        ["plot"],
    ],
)
def test_arguments_that_cannot_be_parsed_leave_with_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: bayesmixed" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert re.fullmatch(r"bayesmixed \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_datasets_lists_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in ("sleepstudy", "InstEval", "73421", "bdf"))


def test_datasets_describes_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "penicillin"]) == 0
    assert "Davies" in capsys.readouterr().out
    assert main(["datasets", "penicilin"]) == 2
    assert "'Penicillin'" in capsys.readouterr().err


def test_start_up_loads_nothing_heavy() -> None:
    """A user who asks for help waits for no sampler."""
    code = (
        "import sys, bayesmixed.cli as cli\n"
        "try:\n    cli.main(['fit', '--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'pymc', 'pytensor', 'arviz', 'bambi', 'matplotlib', 'numba', 'nutpie'}\n"
        "heavy |= {'scipy.stats', 'formulaic'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_warning_is_one_line_even_where_warnings_are_errors(capsys: pytest.CaptureFixture[str]) -> None:
    with _plain_warnings():
        warnings.warn("few draws of 'sigma'", ConvergenceWarning, stacklevel=1)
    assert capsys.readouterr().err == "warning: few draws of 'sigma'\n"


REML = ("fit", FORMULA, "dyestuff", "--method", "reml")


class Unwritable(io.StringIO):
    """An output that nobody takes."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code

    def write(self, _: str) -> int:
        raise OSError(self.code, os.strerror(self.code))


@pytest.mark.parametrize(
    ("refusal", "code", "told"),
    [(errno.EPIPE, 141, ""), (errno.ENOSPC, 2, "error: Cannot write the output: No space left on device.\n")],
)
@pytest.mark.parametrize("arguments", [REML, ("datasets",), ("datasets", "cake")], ids=["fit", "list", "one"])
def test_output_that_nobody_takes_ends_the_program_quietly(
    refusal: int,
    code: int,
    told: str,
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables = ("--csv", str(tmp_path / "tables")) if arguments[0] == "fit" else ()
    monkeypatch.setattr(sys, "stdout", Unwritable(refusal))
    assert main([*arguments, *tables]) == code
    said = capsys.readouterr().err
    assert said.replace(f"wrote: {tmp_path / 'tables'}\n", "") == told
    assert not tables or (tmp_path / "tables" / "fixef.csv").exists()


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize(
    ("arguments", "codes"),
    # argparse may pass over what it could not print.
    [(("datasets",), {141}), (("--help",), {0, 141}), (("fit", "--help"), {0, 141})],
)
def test_a_closed_pipe_leaves_no_traceback(arguments: tuple[str, ...], codes: set[int]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "bayesmixed", *arguments], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert done.stderr == ""
    assert done.returncode in codes


@pytest.mark.parametrize("asked", [False, True])
def test_texts_that_a_spreadsheet_would_run_are_escaped_on_request(asked: bool, tmp_path: Path) -> None:
    levels = ["=1+1", "+2", "-3", "@x", "plain", "a=b"]
    frame = pd.DataFrame({"y": np.arange(12.0) ** 1.5 - 9, "g": np.repeat(levels, 2)})
    frame.to_csv(tmp_path / "d.csv", index=False)
    extra = ["--spreadsheet"] if asked else []
    options = ["--method", "reml", "--quiet", "--csv", str(tmp_path / "out"), *extra]
    assert main(["fit", "y ~ 1 + (1 | g)", str(tmp_path / "d.csv"), *options]) == 0
    ranef = pd.read_csv(tmp_path / "out" / "ranef.csv")
    escaped = ["'=1+1", "'+2", "'-3", "'@x", "plain", "a=b"]
    assert set(ranef["group"]) == set(escaped if asked else levels)
    assert ranef["value"].dtype == float
    assert (ranef["value"] < 0).any()
