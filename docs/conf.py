"""Sphinx: pages in Markdown whose code runs while they are built; nothing is fetched."""

from importlib.metadata import version as installed_version

from docutils.nodes import TextElement, reference
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import bayesmixed as bm

project = "bayesmixed"
author = "The bayesmixed developers"
copyright = "2026, the bayesmixed developers"  # noqa: A001
release = version = installed_version("bayesmixed")

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx-mathjax-offline",
]
exclude_patterns = ["_build", "_templates", "jupyter_execute", "**.ipynb_checkpoints"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = "bayesmixed"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_sourcelink = False

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
nb_kernel_rgx_aliases = {".*": "python3"}

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
suppress_warnings = ["mystnb.unknown_mime_type"]


def compile_kernels(_app: object) -> None:
    """Fit once before the pages do, which would otherwise show the notice of a first compilation."""
    bm.lmer("Yield ~ 1 + (1 | Batch)", bm.load_dataset("Dyestuff"), seed=1).reml()
    bm.glmer("prop(incidence, size) ~ 1 + (1 | herd)", bm.load_dataset("cbpp"), "binomial", seed=1)


def resolve_short_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: TextElement
) -> reference | None:
    """Read ``bayesmixed.comparison.anova`` as the function of that name in the module of that name."""
    target = str(node.get("reftarget", ""))
    name = f"{target}.{target.rpartition('.')[2]}"
    domain = env.domains.python_domain
    return domain.resolve_xref(env, str(node["refdoc"]), app.builder, "obj", name, node, content)


def setup(app: Sphinx) -> None:
    """Have the kernels compiled before, and short names resolved after, the pages are read."""
    app.connect("builder-inited", compile_kernels)
    app.connect("missing-reference", resolve_short_name)
