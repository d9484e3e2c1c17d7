"""Turn a refusal into what JupyterHub shows, logs and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from jupyterhub.spawner import SpawnException

from maximalab_spawner.materials import Title
from maximalab_spawner.messages import both_html, both_plain
from maximalab_spawner.refusals import REFUSALS

if TYPE_CHECKING:
    from maximalab_spawner.admission import Turned


def refusal(turned: Turned, subject: str = "?") -> Exception:
    """Make the exception for a refusal: a text in both languages, a label for the metrics, a status.

    `subject` stands in the text where it has a place for it.
    """
    refused = REFUSALS[turned.reason]
    text = Title(*(refused.text.of(one).format(subject) for one in ("uk", "en")))
    exception = SpawnException(
        both_plain(text),
        reason=str(turned.reason),
        log_message=f"{turned.reason}: {turned.detail}" if turned.detail else str(turned.reason),
        message_html=both_html(text),
        status_code=refused.status.value,
    )
    # These two are what the progress page and the page after a failed start read.
    exception.jupyterhub_message = both_plain(text)
    exception.jupyterhub_html_message = both_html(text)
    return cast("Exception", exception)
