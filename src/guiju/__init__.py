"""Guiju 规矩: Chinese financial regulation as data, and verdicts with citations."""

__version__ = "0.1.0"
