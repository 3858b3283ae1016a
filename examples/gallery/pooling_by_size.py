"""Weight of a school's own pupils by the size of the school."""

import sys

import bayesmixed as bm

pooled = bm.pooling("langPOST ~ IQ_ver_cen + (1 | schoolNR)", bm.load_dataset("bdf"), method="reml")
ax = pooled.plot.by_size()
ax.figure.savefig(sys.argv[1] if len(sys.argv) > 1 else "pooling_by_size.png", dpi=120)
