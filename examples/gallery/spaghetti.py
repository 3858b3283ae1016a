"""The raw data of every subject, one set off in colour."""

import sys

import bayesmixed as bm
from bayesmixed.plots import spaghetti

ax = spaghetti(bm.load_dataset("sleepstudy"), "Days", "Reaction", "Subject", highlight=["308"])
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "spaghetti.png", dpi=120)
