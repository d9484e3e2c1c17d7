"""The site's certificate: looked at before it is put where the entrances read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from maximalab_hub.deploy.files import owned, replaced
from maximalab_hub.deploy.plan import PlanError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from maximalab_hub.deploy.plan import Plan


class CertificateError(ValueError):
    """This certificate would not do; the text says why and what to do."""


def looked_at(certificate: bytes, key: bytes, hosts: list[str], now: datetime) -> datetime:
    """Say until when a certificate is valid; it is the first of the chain.

    Raises `CertificateError` where it names none of `hosts`, is over or not yet valid, or the key is another's.
    """
    try:
        found = x509.load_pem_x509_certificates(certificate)[0]
    except ValueError as error:
        raise CertificateError("the first file holds no certificate in PEM form") from error
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError) as error:
        raise CertificateError(
            "the second file holds no private key in PEM form without a password"
        ) from error
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != found.public_key().public_bytes(*form):
        raise CertificateError("the key belongs to another certificate; give the two that were made together")
    if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
        raise CertificateError(
            f"it is valid from {found.not_valid_before_utc:%Y-%m-%d} to {found.not_valid_after_utc:%Y-%m-%d}"
        )
    missing = [host for host in hosts if not names(found, host)]
    if missing:
        raise CertificateError(f"it does not name {', '.join(missing)}; browsers would refuse it")
    return found.not_valid_after_utc


def names(certificate: x509.Certificate, host: str) -> bool:
    """Say whether a certificate names a host or an address; `*.` stands for one word."""
    try:
        said = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    known = {one.lower() for one in said.get_values_for_type(x509.DNSName)}
    known |= {str(one) for one in said.get_values_for_type(x509.IPAddress)}
    return host.lower() in known or f"*.{host.lower().partition('.')[2]}" in known


def is_at(folder: Path) -> bool:
    """Say whether a certificate and its key are in a folder."""
    return all((folder / part).exists() for part in ("certificate.pem", "key.pem"))


def place_of_vpn_certificate(plan: Plan, folder: Path) -> Path | None:
    """Say where the VPN entrance's certificate lies in the lab's folder: one of its own, or the public entrance's.

    None where that entrance speaks no TLS. Raises `PlanError` where it is to, and has none.
    """
    if not plan.vpn_host:
        return None
    if is_at(folder / "tls/vpn"):
        return folder / "tls/vpn"
    if plan.tls:
        return folder / "tls"
    raise PlanError(
        f"--vpn-host {plan.vpn_host}: there is no certificate yet; give it first, by the command `certificate` beside "
        f"`up`: certificate --vpn --host {plan.vpn_host} FULLCHAIN KEY"
    )


def put(folder: Path, certificate: bytes, key: bytes, owner: int) -> None:
    """Put both where an entrance reads them; it takes them up by itself as soon as they fit together."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    owned(folder, owner)
    replaced(folder / "key.pem", key, owner, 0o600)
    replaced(folder / "certificate.pem", certificate, owner, 0o600)
