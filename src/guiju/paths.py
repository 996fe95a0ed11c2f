"""Where the product's data lies: inside the installed package, or in the checkout beside ``src/``."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def samples() -> dict[str, Path]:
    """The bundled samples, in the order of their names."""
    return {file.stem: file for file in sorted((_PACKAGE / "samples").glob("*.ttl"))}


def data_root() -> Path:
    """The folder that holds ``ontology/``, ``shapes/``, ``queries/`` and ``tests/cases/``.

    Raises FileNotFoundError where neither the package nor a checkout has them.
    """
    for root in (_PACKAGE / "data", _PACKAGE.parent.parent):
        if (root / "ontology" / "guiju.ttl").is_file():
            return root
    raise FileNotFoundError(f"no ontology beside {_PACKAGE}: reinstall guiju, or run it from a complete checkout")
