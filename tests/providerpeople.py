"""What a lab is told of a sign-in provider, and whom that provider knows."""

from __future__ import annotations

SETTINGS = """
[oidc]
issuer = "{issuer}"
client_id = "{client}"
client_secret_file = "secrets/provider"
button = {{ uk = "Увійти через університет", en = "Sign in by the university" }}
scopes = ["openid", "email", "profile", "groups"]
groups_claim = "groups"
allow_domains = ["uni.example"]
allow_emails = ["guest@elsewhere.example"]
allow_groups = ["partners"]
admin_groups = ["lab-admins"]

[oidc.groups]
or-2026 = ["study:{course}"]
"/staff/or" = ["teach:{course}"]
analysts = ["researchers"]
"""
GATEWAY = """
[gateway]
pool = "172.20.0.0/24"
endpoint = "vpn.example.edu:51820"
public_key = "{key}"
routes = ["172.20.0.1/32"]
"""


def somebody(email: str | None, *groups: str, verified: object = True, **more: object) -> dict[str, object]:
    said = {"groups": list(groups), "email_verified": verified, **more}
    return said if email is None else said | {"email": email}


PEOPLE = {
    "ada": somebody("Ada@Uni.example", "or-2026", name="Ada Lovelace"),
    "tess": somebody("tess@uni.example", "/staff/or"),
    "rosa": somebody("rosa@uni.example", "analysts", "something-else"),
    "boss": somebody("boss@uni.example", "lab-admins"),
    "guest": somebody("guest@elsewhere.example"),
    "paul": somebody("paul@partner.example", "partners", "or-2026"),
    "plain": somebody("plain@uni.example"),
    "bob": somebody("bob@uni.example", "or-2026", verified=False),
    "nora": somebody(None, "or-2026"),
    "odd": somebody("odd@uni.example", verified="yes"),
    "eve": somebody("eve@evil.example", "or-2026"),
    "sub": somebody("sub@students.uni.example"),
    "sly": somebody("sly@uni.example@evil.example"),
}
