"""What the hub's model of a token's owner means: which sender it is, or which person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from maximalab_spawner.tiers import person_of

from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from maximalab_spawner.tiers import Person

ACCESS: Final = frozenset({"access:services", "access:services!service=usage"})
"""Either of these lets a token be used here; the first is what an admin's own token holds."""
WITNESS: Final = "witness"
"""The name of the service whose token is the hub's own."""
_SERVER_SCOPE: Final = "access:servers!server="


def may_use_the_service(model: Mapping[str, Any]) -> bool:
    """Say whether the token was made for this service among others."""
    return not ACCESS.isdisjoint(model.get("scopes") or ())


def speaks_for_a_person(model: Mapping[str, Any]) -> bool:
    """Say whether a person is behind this token: not a service, and not a server's program.

    A server's token lies within reach of the code that runs there, which need not be its person's own: a
    notebook may come from anybody. It delivers events, and may neither look nor decide in a person's name.
    """
    scopes = model.get("scopes") or ()
    return model.get("kind") == "user" and not any(scope.startswith(_SERVER_SCOPE) for scope in scopes)


def sender_of(model: Mapping[str, Any]) -> Sender | None:
    """Say who sends events with this token; None where its owner has no business here.

    A token of another service than the hub's own is refused: only the hub is the witness. A person's token
    that is
    bound to one server is that server's; any other is the person's own, and counts as `client`.
    """
    name = model.get("name")
    if not isinstance(name, str) or not name:
        return None
    if model.get("kind") == "service":
        return Sender(Source.HUB) if name == WITNESS else None
    if model.get("kind") != "user" or not may_use_the_service(model):
        return None
    server = server_of(model.get("scopes") or (), name)
    return Sender(Source.CLIENT, name) if server is None else Sender(Source.SERVER, name, server)


def server_of(scopes: Collection[str], user: str) -> str | None:
    """Give the one named server of `user` to which a token with these scopes is bound, if it is to one."""
    bound = {scope.removeprefix(_SERVER_SCOPE) for scope in scopes if scope.startswith(_SERVER_SCOPE)}
    owner, slash, server = next(iter(bound), "").rpartition("/")
    return server if len(bound) == 1 and slash and owner == user and server else None


def person_of_model(model: Mapping[str, Any]) -> Person | None:
    """Read from the hub's model who looks at a page and what the groups let them do; None for a service."""
    name, groups = model.get("name"), model.get("groups") or ()
    if model.get("kind") != "user" or not isinstance(name, str) or not name:
        return None
    return person_of(name, groups, admin=model.get("admin") is True)
