"""Where other people's files lie: beside the checkout, when they were laid there."""

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MESSY = DATA / "lead-csv-messy"
EXPORTS = DATA / "crm-exports"


def there(folder):
    """The folder; skips the test when the whole collection is absent. A missing file inside it fails."""
    if not DATA.is_dir():
        pytest.skip(f"no sample files at {DATA}")
    assert folder.is_dir(), f"{folder} is missing"
    return folder
