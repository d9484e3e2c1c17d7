"""Sign-in by an OpenID Connect provider, beside the local accounts: see docs/decisions/0018."""
