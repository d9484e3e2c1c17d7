"""Every page that a student's server shows while a material is being opened."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from jinja2 import Environment, PackageLoader
from maximalab_materials.extension import OpenHandler, my_lab
from maximalab_materials.opening import Offer
from maximalab_materials.refusals import Reason
from maximalab_materials.store import Edition

NONCE = "a-word-for-one-page"
POLICY = OpenHandler.content_security_policy.fget(SimpleNamespace(nonce=NONCE))
PAGES = Environment(loader=PackageLoader("maximalab_materials"), autoescape=True)
NEWEST = Edition("transport", 2, Path(), {"uk": "Транспортна задача", "en": "The transportation problem"}, {})
OFFERS = {
    "offer of a newer version": Offer(NEWEST, 1, "transport", may_continue=True, beside_there=False),
    "offer of a newer version that lies there": Offer(NEWEST, 1, "transport", True, True),
    "offer beside a folder of that name": Offer(NEWEST, None, "transport", False, False),
    "offer beside a folder, lying there": Offer(NEWEST, None, "transport", False, True),
}
OPENER = {
    **{name: ("offer.html", {"offer": offer, "material": "transport", "xsrf": "t"}, 200)
       for name, offer in OFFERS.items()},
    **{f"opener {reason.name.lower().replace('_', ' ')}": ("refused.html", {"reason": reason}, reason.status)
       for reason in Reason},
}  # fmt: skip
"""For each page of the opener: its template, what that is given, and the status."""


def render_opener(case: str, language: str) -> str:
    template, context, _ = OPENER[case]
    reason = context.get("reason")
    order = (language, *({"uk", "en"} - {language}))
    words = {"words": [(each, reason.words(each)) for each in order]} if reason else {}
    where = {
        "here": "/user/student/public-maxima/maximalab/open",
        "my_lab": my_lab({"JUPYTERHUB_BASE_URL": "/"}),
    }
    return PAGES.get_template(template).render(language=language, nonce=NONCE, **where, **(context | words))
