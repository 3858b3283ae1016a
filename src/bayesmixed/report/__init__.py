"""A fit as one self-contained HTML page."""

from __future__ import annotations

from bayesmixed.report.page import estimate_report_html, report_html
from bayesmixed.report.tables import estimate_tables, result_tables

__all__ = ["estimate_report_html", "estimate_tables", "report_html", "result_tables"]
