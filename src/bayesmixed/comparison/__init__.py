"""Several models, or several estimates of one, side by side."""

from __future__ import annotations
