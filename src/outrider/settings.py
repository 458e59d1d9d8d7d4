"""What an operator can set. Every setting is an environment variable; docs/settings.md lists them and a test compares."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

SIGN_IN = {
    "secret_key",
    "old_secret_keys",
    "public_url",
    "smtp_url",
    "mail_from",
    "oidc_issuer",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_name",
}

DEMO_MAIL_HOST = "127.0.0.1"
"""Where `outrider up` takes the mail of its demo campaign, on `demo_mail_port`."""


class Settings(BaseSettings):
    """Values from the environment (prefix `OUTRIDER_`); nothing is read from files."""

    model_config = SettingsConfigDict(env_prefix="OUTRIDER_", extra="ignore")

    home: Path = Field(Path("~/.outrider"), description="Where Outrider keeps its data: database, key, uploaded files.")
    database_url: str | None = Field(
        None, description="Another PostgreSQL server, as an account that may create roles; empty: the embedded server."
    )
    app_database_url: str | None = Field(
        None, description="Connection string of the application role, if it is not to be derived from the one above."
    )
    worker_database_url: str | None = Field(
        None, description="Connection string of the role that dispatches jobs, if it is not to be derived either."
    )
    secret_key: str | None = Field(
        None, description="Base64 of 32 random bytes; empty: made once and kept in the home folder as secret.key."
    )
    old_secret_keys: str | None = Field(
        None, description="Secret keys that were replaced, with commas between them: what they encrypted can still be read."
    )
    host: str = Field("127.0.0.1", description="Address that the HTTP server listens on.")
    port: int = Field(8080, ge=1, le=65535, description="Port that the HTTP server listens on.")
    public_url: str | None = Field(
        None, description="Where browsers find Outrider, such as https://outrider.example.org; links in mail begin with it."
    )
    trusted_proxies: str | None = Field(
        None, description="Addresses of proxies in front of Outrider, with commas between them, whose X-Forwarded-For and -Proto count."
    )
    allow_private_hosts: bool = Field(
        False, description="Whether mail servers and other hosts that users name may be on this machine or network."
    )
    smtp_url: str | None = Field(
        None,
        description="Mail server for password links: smtp://user:password@host:587?starttls=auto (yes, no) or smtps://…; empty: no mail.",
    )
    mail_from: str | None = Field(None, description="Who that mail comes from, such as Outrider <outrider@example.org>.")
    oidc_issuer: str | None = Field(None, description="OpenID Connect provider that members may sign in with; empty: none.")
    oidc_client_id: str | None = Field(None, description="Name of Outrider at that provider.")
    oidc_client_secret: str | None = Field(None, description="Its secret there; empty for a public client.")
    oidc_name: str = Field("single sign-on", description="What the provider is called on the button: Sign in with …")
    demo_mail_port: int = Field(
        1025,
        ge=0,
        le=65535,
        description="Port of this machine where `outrider up` takes the mail of its demo campaign; 0: no such campaign.",
    )
    admin_email: str = Field("admin@ophir.dev", description="E-mail address of the first admin (seed 004).")
    pool_size: int = Field(10, ge=5, le=200, description="Most connections to the database that one process keeps.")
    statement_cache: int = Field(256, ge=0, description="Prepared statements kept per connection; 0 behind PgBouncer in transaction mode.")
    statement_timeout: int = Field(
        30, ge=0, le=3600, description="Seconds that one statement of a web request may take; 0: as long as it takes."
    )
    max_request_bytes: int = Field(32 * 2**20, ge=1024, description="Largest JSON body the API takes, in bytes.")
    max_upload_bytes: int = Field(4 * 2**30, ge=1024, description="Largest lead file the API takes, in bytes.")
    rate_limit: str = Field("600/minute", description="Requests that one API key or one person signed in may make, e.g. 600/minute.")
    log_level: str = Field("INFO", description="Least level that is logged: DEBUG, INFO, WARNING, ERROR.")

    @property
    def home_path(self) -> Path:
        """`home` with `~` resolved."""
        return self.home.expanduser().resolve()

    @property
    def own_address(self) -> str:
        """Where the web server answers on this machine, such as http://localhost:8080."""
        if self.host in ("0.0.0.0", "::", "127.0.0.1"):  # noqa: S104
            return f"http://localhost:{self.port}"
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    @property
    def entrance(self) -> dict[str, Any]:
        """What signing in needs: the arguments of `tenancy.entrance.Entrance.of`."""
        return {"home": self.home_path, **self.model_dump(include=SIGN_IN)}


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings, read once."""
    return Settings()
