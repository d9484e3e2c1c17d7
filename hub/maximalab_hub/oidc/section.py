"""The settings of sign-in by an OpenID Connect provider: `[oidc]` of the settings file."""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from maximalab_hub.people import GROUP
from maximalab_hub.secret_files import SecretError, read_secret_file
from maximalab_hub.settings_sections import Bilingual, LocalPath, Section

_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")


def _on_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _guarded(value: str) -> str:
    """Passwords' stand-ins travel there, so nobody in between may read or change anything."""
    parts = urlsplit(value)
    loopback = parts.scheme == "http" and _on_this_machine(parts.hostname or "")
    if not parts.hostname or (parts.scheme != "https" and not loopback):
        raise ValueError("must begin with https:// (http:// is for this very machine only)")
    if parts.query or parts.fragment:
        raise ValueError("must be an address without ? and #")
    return value


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError(
            f"{value[:60]!r} must be a domain in small letters, such as example.edu, without @ and *"
        )
    return value


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value) or value != value.lower():
        raise ValueError(f"{value[:60]!r} must be an e-mail address in small letters")
    return value


def _lab_group(value: str) -> str:
    if not GROUP.fullmatch(value):
        raise ValueError(f"{value[:60]!r} must be study:<course>, teach:<course> or researchers")
    return value


Guarded = Annotated[str, AfterValidator(_guarded)]
Domain = Annotated[str, AfterValidator(_domain)]
Email = Annotated[str, AfterValidator(_email)]
LabGroup = Annotated[str, AfterValidator(_lab_group)]
Claim = Annotated[str, Field(min_length=1, max_length=200)]


class OidcSection(Section):
    """Sign-in by an OpenID Connect provider, beside the local accounts. Without this section there is none."""

    issuer: Guarded = Field(
        description="The provider's address, letter by letter as its discovery document says. It is a part of each"
        " person's name here: with another one everybody is somebody else."
    )
    discovery_url: Guarded | None = Field(
        default=None,
        description="Where that document is; default issuer + /.well-known/openid-configuration.",
    )
    client_id: str = Field(min_length=1, description="The lab's name at the provider.")
    client_secret_file: LocalPath | None = Field(
        default=None, description="File with the lab's secret at the provider, mode 0600. This or the next."
    )
    client_secret_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="Environment variable with that secret. This or the one before.",
    )
    client_auth: Literal["basic", "post"] = Field(
        default="basic",
        description="How the secret is sent: `basic` (client_secret_basic) or `post` (client_secret_post). Wrong: the"
        " log says invalid_client.",
    )
    button: Bilingual = Field(
        default=Bilingual(
            uk="Увійти через обліковий запис університету", en="Sign in with a university account"
        ),
        description="What stands on the button of the sign-in page.",
    )
    choose_account: Literal["login", "select_account"] = Field(
        default="login",
        description="The `prompt` with which somebody who was not let in may begin again with another account.",
    )
    scopes: list[str] = Field(
        default=["openid", "email", "profile"], description="What the provider is asked for; with `openid`."
    )
    identity_claim: Claim = Field(
        default="sub",
        description="The claim that tells persons apart. Another than `sub` makes names readable, and must be one that"
        " a person can neither choose nor change and that is never given to another one.",
    )
    email_claim: Claim = Field(default="email", description="The claim with the e-mail address.")
    email_verified_claim: Claim = Field(
        default="email_verified",
        description="The claim that says that this address has been verified. Not true: nobody is let in.",
    )
    groups_claim: str = Field(
        default="",
        description="The claim with the person's groups, a list; dots lead into it (`realm_access.roles`). Empty:"
        " groups play no part.",
    )
    allow_domains: list[Domain] = Field(
        default=[], description="Who has a verified e-mail address of one of these domains is let in."
    )
    allow_emails: list[Email] = Field(
        default=[], description="Who has one of these verified e-mail addresses is let in."
    )
    allow_groups: list[str] = Field(
        default=[], description="Who is in one of these groups of the provider is let in."
    )
    require: dict[str, str] = Field(
        default={},
        description='Claims that must besides have exactly this value, such as `{ hd = "example.edu" }`.',
    )
    groups: dict[str, list[LabGroup]] = Field(
        default={},
        description="From a group of the provider to groups of the lab (`study:<course>`, `teach:<course>`,"
        " `researchers`). They are taken anew at each sign-in.",
    )
    admin_groups: list[str] = Field(
        default=[],
        description="Who is in one of these groups of the provider is an admin of the lab, until the next sign-in"
        " says otherwise.",
    )
    sign_in_again_hours: int = Field(
        default=12,
        ge=1,
        le=336,
        description="Hours after which the browser has to sign in again; the longest that rights which the"
        " provider has taken away still count.",
    )

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.client_secret_file is None) == (self.client_secret_env is None):
            raise ValueError("name the secret once: client_secret_file or client_secret_env")
        return self

    @model_validator(mode="after")
    def _somebody_is_let_in(self) -> Self:
        if not (self.allow_domains or self.allow_emails or self.allow_groups):
            raise ValueError(
                "nobody would be let in; say who is: allow_domains, allow_emails or allow_groups"
            )
        return self

    @model_validator(mode="after")
    def _claims_are_asked_for(self) -> Self:
        if "openid" not in self.scopes:
            raise ValueError('scopes must hold "openid"; without it the provider says nothing about persons')
        if (self.allow_groups or self.groups or self.admin_groups) and not self.groups_claim:
            raise ValueError("groups_claim must name the claim with the groups, as other keys speak of them")
        return self

    @property
    def discovery(self) -> str:
        """Where the provider describes itself."""
        return self.discovery_url or f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"

    def client_secret(self) -> str:
        """Read the secret from where the settings say. Raises `SecretError`, which names the place, not the secret."""
        if self.client_secret_file is not None:
            return read_secret_file(self.client_secret_file)
        secret = os.environ.get(self.client_secret_env or "", "").strip()
        if not secret:
            raise SecretError(
                f"oidc.client_secret_env: the variable {self.client_secret_env} is empty. Set it for the hub."
            )
        return secret
