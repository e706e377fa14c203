"""The page of `omnicam eval --report`: tables, curves, and what was missed or false as pictures."""

from omnicam.evaluate.report.page import write_report

__all__ = ["write_report"]
