"""The keys: made once, kept, and refused where others could read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from maximalab_hub.secret_files import Secret, SecretError, ensure_secrets, read_secret

if TYPE_CHECKING:
    from pathlib import Path


def test_missing_keys_are_made_and_present_ones_are_kept(tmp_path: Path):
    folder = tmp_path / "secrets"
    assert ensure_secrets(folder) == list(Secret)
    before = {secret: read_secret(folder, secret) for secret in Secret}
    (folder / Secret.PSEUDONYM_KEY).unlink()
    assert ensure_secrets(folder) == [Secret.PSEUDONYM_KEY]
    after = {secret: read_secret(folder, secret) for secret in Secret}
    assert {secret for secret in Secret if before[secret] != after[secret]} == {Secret.PSEUDONYM_KEY}
    assert len(set(after.values())) == len(Secret)


def test_nobody_else_can_read_them(tmp_path: Path):
    folder = tmp_path / "secrets"
    ensure_secrets(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {(folder / secret).stat().st_mode & 0o777 for secret in Secret} == {0o600}


@pytest.mark.parametrize(
    ("content", "mode", "remedy"),
    [
        pytest.param(None, 0o600, "./lab setup", id="missing"),
        pytest.param("a" * 64, 0o640, "chmod 600", id="readable by a group"),
        pytest.param("short", 0o600, "Remove the file", id="too short"),
        pytest.param("", 0o600, "Remove the file", id="empty: a disk was full"),
    ],
)
def test_a_key_that_cannot_be_trusted_is_refused(tmp_path: Path, content: str | None, mode: int, remedy: str):
    path = tmp_path / Secret.USAGE_TOKEN
    if content is not None:
        path.write_text(content, encoding="ascii")
        path.chmod(mode)
    with pytest.raises(SecretError, match=remedy) as caught:
        read_secret(tmp_path, Secret.USAGE_TOKEN)
    assert str(path) in str(caught.value)
