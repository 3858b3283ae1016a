"""``python -m bayesmixed`` runs the command line."""

from __future__ import annotations

import sys

from bayesmixed_program import run

if __name__ == "__main__":
    sys.exit(run())
