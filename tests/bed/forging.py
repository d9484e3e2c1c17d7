"""What somebody at the public entrance may send to look like one who came through the VPN."""

from __future__ import annotations


def forged(inside: str, device: str) -> list[dict[str, str]]:
    """Headers that claim the VPN entrance, at the address `inside`, or a device of the VPN's."""
    return [
        {"X-MaximaLab-Entrance": "vpn"},
        {"X-Forwarded-For": device, "X-Real-IP": device},
        {"Forwarded": f"for={device};host={inside}"},
        {"Host": inside, "X-Forwarded-Host": inside},
    ]


SPELLINGS = [
    "//user/ada/private-maxima/",
    "/user/ada/public-maxima/../private-maxima/",
    "/user/ada/public-maxima/%2e%2e/private-maxima/",
    "/user/ada/public-maxima/..%2fprivate-maxima/",
    "/user/ada%2fprivate-maxima/",
    "/USER/ada/private-maxima/",
    "/user/ada/PRIVATE-MAXIMA/",
    "/user/ada/%70rivate-maxima/",
    "/./user/ada/./private-maxima/.",
    "http://172.28.91.2/user/ada/private-maxima/",
    "http://172.21.1.2:8888/user/ada/private-maxima/",
]
"""Ways to write the path of Ada's private server."""
