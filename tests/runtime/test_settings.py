"""Settings: validated once, every mistake reported together."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from baton.runtime.settings import Settings, SettingsError, variables


def test_without_variables_there_are_defaults() -> None:
    """Other programs' variables are theirs, and an empty one is not set."""
    assert Settings() == Settings.from_environment({"PATH": "/bin", "BATON_BROKERS": ""})


def test_each_setting_has_a_variable() -> None:
    """And each is read into its own type."""
    settings = Settings.from_environment(
        {
            "BATON_BROKERS": "kafka-1:9092,[::1]:9093",
            "BATON_TOPIC_PREFIX": "demo-1.",
            "BATON_REPLICATION": "2",
            "BATON_POLICY": "/etc/baton/policy.toml",
            "BATON_PSEUDONYM_KEY_FILE": "/etc/baton/key",
            "BATON_DATA_DIR": "/var/lib/baton",
            "BATON_HEALTH_PORT": "65535",
            "BATON_LOG_FORMAT": "json",
            "BATON_REJECTED_CEILING": "0.25",
            "BATON_USERS_FILE": "/etc/baton/users.toml",
            "BATON_CONSOLE_ADDRESS": "https://baton.example/",
            "BATON_OIDC_ISSUER": "http://127.0.0.1:8181",
            "BATON_OIDC_CLIENT_ID": "baton-1",
            "BATON_OIDC_CLIENT_SECRET_FILE": "/etc/baton/oidc",
            "BATON_OIDC_KEY_CLAIM": "sub",
            "BATON_OPERATOR": "operator-1",
            "BATON_RECIPIENTS_FILE": "/etc/baton/recipients.toml",
            "BATON_GOVUK_NOTIFY_KEY_FILE": "/etc/baton/notify.key",
            "BATON_GOVUK_NOTIFY_ADDRESS": "http://127.0.0.1:6011",
        }
    )

    assert (
        Settings(
            brokers="kafka-1:9092,[::1]:9093",
            topic_prefix="demo-1.",
            replication=2,
            policy=Path("/etc/baton/policy.toml"),
            pseudonym_key_file=Path("/etc/baton/key"),
            data_dir=Path("/var/lib/baton"),
            health_port=65_535,
            log_format="json",
            rejected_ceiling=0.25,
            users_file=Path("/etc/baton/users.toml"),
            console_address="https://baton.example",
            oidc_issuer="http://127.0.0.1:8181",
            oidc_client_id="baton-1",
            oidc_client_secret_file=Path("/etc/baton/oidc"),
            oidc_key_claim="sub",
            operator="operator-1",
            recipients_file=Path("/etc/baton/recipients.toml"),
            govuk_notify_key_file=Path("/etc/baton/notify.key"),
            govuk_notify_address="http://127.0.0.1:6011",
        )
        == settings
    )
    assert all(variable == f"BATON_{name.upper()}" for name, variable in variables().items())


def test_every_mistake_is_reported_at_once() -> None:
    """One line each, with the variable and what it must be; a misspelt variable too."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(
            {
                "BATON_BROKERS": "kafka",
                "BATON_TOPIC_PREFIX": "a b",
                "BATON_HEALTH_PORT": "http",
                "BATON_LOG_FORMAT": "xml",
                "BATON_REJECTED_CEILING": "half",
                "BATON_CONSOLE_ADDRESS": "http://baton.example",
                "BATON_OIDC_ISSUER": "id.example",
                "BATON_OIDC_CLIENT_ID": "a b",
                "BATON_BROKER": "127.0.0.1:9092",
            }
        )

    lines = str(refused.value).splitlines()
    assert [
        "BATON_BROKERS",
        "BATON_TOPIC_PREFIX",
        "BATON_HEALTH_PORT",
        "BATON_LOG_FORMAT",
        "BATON_CONSOLE_ADDRESS",
        "BATON_OIDC_ISSUER",
        "BATON_OIDC_CLIENT_ID",
        "BATON_REJECTED_CEILING",
        "BATON_BROKER",
    ] == [line.partition(":")[0] for line in lines]


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("BATON_BROKERS", ":9092"),
        ("BATON_BROKERS", "kafka:0"),
        ("BATON_BROKERS", "kafka:65536"),
        ("BATON_BROKERS", "kafka:9092,"),
        ("BATON_BROKERS", "kafka:²"),
        ("BATON_REPLICATION", "0"),
        ("BATON_REPLICATION", "ten"),
        ("BATON_TOPIC_PREFIX", "préfixe-"),
        ("BATON_HEALTH_PORT", "65536"),
        ("BATON_HEALTH_PORT", "-1"),
        ("BATON_HEALTH_PORT", "²"),
        ("BATON_REJECTED_CEILING", "1.01"),
        ("BATON_REJECTED_CEILING", "-0.1"),
        ("BATON_REJECTED_CEILING", "nan"),
    ],
)
def test_what_cannot_be_meant_is_refused(variable: str, text: str) -> None:
    """At the start, and not when it is first used; it says what the value must be."""
    with pytest.raises(SettingsError, match=f"{variable}: (must|may)"):
        Settings.from_environment({variable: text})


def test_settings_do_not_change() -> None:
    """They are read once."""
    with pytest.raises(FrozenInstanceError):
        Settings().brokers = "elsewhere:9092"  # type: ignore[misc]  # frozen on purpose
