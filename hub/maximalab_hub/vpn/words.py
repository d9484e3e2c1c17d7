"""What is said where a device was not enrolled, on the page and by the command. English is the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from maximalab_hub.vpn.devices import NotEnrolled

if TYPE_CHECKING:
    from collections.abc import Mapping


def _(text: str) -> str:
    """Mark a text for translation."""
    return text


WHY_NOT: Final[Mapping[NotEnrolled, str]] = {
    NotEnrolled.LABEL: _("Give the device a name of 1 to 40 letters and digits."),
    NotEnrolled.LABEL_TAKEN: _(
        "You have a device of this name already. Choose another name, or revoke that device."
    ),
    NotEnrolled.KEY: _(
        "This is no WireGuard public key: it has 44 characters, the last one is an equals sign."
    ),
    NotEnrolled.KEY_KNOWN: _("This public key is or was in use. Make a new pair of keys on the device."),
    NotEnrolled.TOO_MANY: _(
        "You have as many devices as one person may have. Revoke one that you do not use."
    ),
    NotEnrolled.TOO_OFTEN: _(
        "You have changed your devices many times this month. Ask the lab's administrator."
    ),
    NotEnrolled.POOL_FULL: _("The VPN has no free address at the moment. Tell the lab's administrator."),
}
