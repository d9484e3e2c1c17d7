"""The certificates by which a bed's hub and engines know each other, made anew for each bed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey
_SIGNS = x509.KeyUsage(
    key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False, key_encipherment=False,
    data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
)  # fmt: skip


class Authority:
    """Signs what it is asked to; `folder` gets `ca.pem`, and `NAME.pem` and `NAME.key` of each."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder, self._key, self._name = folder, ec.generate_private_key(ec.SECP256R1()), _name("bed")
        basic = x509.BasicConstraints(ca=True, path_length=0)
        made = _form(self._name, self._name, self._key, 1).add_extension(basic, critical=True)
        made = made.add_extension(_SIGNS, critical=True).add_extension(self._mark, critical=False)
        self._write("ca.pem", made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    @property
    def _mark(self) -> x509.SubjectKeyIdentifier:
        return x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())

    @property
    def ca(self) -> Path:
        """The authority's own certificate."""
        return self.folder / "ca.pem"

    def issue(self, name: str, address: str = "", *, days: float = 1) -> tuple[Path, Path]:
        """Make a certificate and its key: of the engine at `address`, or of a client where there is none."""
        key = ec.generate_private_key(ec.SECP256R1())
        usage = ExtendedKeyUsageOID.SERVER_AUTH if address else ExtendedKeyUsageOID.CLIENT_AUTH
        form = _form(_name(name), self._name, key, days)
        form = form.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        # Python 3.13 takes no certificate that does not name its authority's key.
        by = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._mark)
        form = form.add_extension(by, critical=False)
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
            form = form.add_extension(names, critical=False)
        signed = form.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self._write(f"{name}.pem", signed), self._write(f"{name}.key", secret)

    def _write(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_bytes(data)
        return path


def _name(word: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, word)])


def _form(subject: x509.Name, issuer: x509.Name, key: Key, days: float) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )
