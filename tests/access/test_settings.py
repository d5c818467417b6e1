"""What a deployment's settings make of the access to its console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from baton.access import Access, User, write_users
from baton.runtime.settings import Settings
from tests.access.conftest import AGENCY_OF

if TYPE_CHECKING:
    from pathlib import Path


def test_without_settings_there_is_nobody(tmp_path: Path) -> None:
    """Safe by default: no operator, no provider, loopback alone."""
    access = Access.of(Settings(users_file=tmp_path / "none.toml"), AGENCY_OF)

    assert (0, None, False) == (len(access.users), access.provider, access.secure)


def test_settings_give_operators_and_a_provider(tmp_path: Path, users: list[User]) -> None:
    """The file's operators have their agencies by the policy; the provider's secret stays in its file."""
    write_users(tmp_path / "users.toml", users)
    (tmp_path / "secret").write_text("s3cret\n")
    settings = Settings(
        users_file=tmp_path / "users.toml",
        console_address="https://baton.example",
        oidc_issuer="https://id.example",
        oidc_client_secret_file=tmp_path / "secret",
    )
    access = Access.of(settings, AGENCY_OF)

    assert access.provider is not None
    assert access.secure
    assert {"childrens_social_care"} == access.operator(users[0]).agencies
    assert "s3cret" not in repr(settings)
