"""Where uploaded files go, by the environment."""

import os
import subprocess
import sys

SHOW = "from lio import settings; print(settings.STORAGES['default'])"


def started(**env):
    return subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, check=False, env=os.environ | env)


def test_into_the_data_folder(tmp_path):
    shown = started(LIO_DATA_DIR=str(tmp_path), LIO_S3_BUCKET="").stdout
    assert "FileSystemStorage" in shown and f"{tmp_path}/files" in shown


def test_into_a_bucket(tmp_path):
    (tmp_path / "storages").mkdir()
    (tmp_path / "storages" / "__init__.py").touch()
    shown = started(LIO_S3_BUCKET="ours", LIO_S3_ENDPOINT="https://s3.example", PYTHONPATH=str(tmp_path)).stdout
    assert "S3Storage" in shown and "'bucket_name': 'ours'" in shown and "https://s3.example" in shown


def test_a_bucket_without_its_library_is_a_clear_refusal():
    import importlib.util

    import pytest

    if importlib.util.find_spec("storages"):
        pytest.skip("the library is installed here")
    answer = started(LIO_S3_BUCKET="ours")
    assert answer.returncode != 0 and "pip install -r requirements-s3.txt" in answer.stderr
