"""How complete the events are, as people with their rights see it: of the whole, and start by start."""

from __future__ import annotations

import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from maximalab_hub.completeness import completeness
from maximalab_hub.example_history import CLASS
from maximalab_hub.service.wording import Wording
from maximalab_hub.store import bulk, log, queries
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.models import EventRow, ServerRow
from maximalab_hub.study import people_of, study_of
from sqlalchemy import delete, insert

sys.path.insert(0, str(Path(__file__).parents[1]))

from pagewords import words_of
from usagepages import USAGE
from usagevisits import app, visit

__all__ = ["app", "visit"]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "{0} events have arrived from {1} starts of senders, {3} are missing; {2} starts have gaps"),
        ("uk", "подій — {0}, стартів відправників — {1}; бракує подій — {3}, стартів із прогалинами — {2}"),
    ],
)
def test_the_page_publishes_how_complete_the_events_are(visit, app, language, words):
    with reading(app.state.engine) as connection:
        [some] = queries.last_events(connection, 1, users=[CLASS[0]], kinds=["run"])
    far = dict(some._mapping) | {"event_id": f"far-{language}", "seq": some.seq + 1000}
    with writing(app.state.engine) as connection:
        bulk.insert_events(connection, [far])
    html = visit("researcher", language).get(f"{USAGE}/?since=&fresh=true").text
    with reading(app.state.engine) as connection:
        whole = completeness(connection, people_of(connection, study_of(app.state.settings)))
        connection.execute(delete(EventRow).where(EventRow.event_id == f"far-{language}"))
    assert (whole.starts_with_gaps, whole.missing > 900) == (1, True)
    said = Wording(language, "Europe/Kyiv").number
    figures = map(said, (whole.received, whole.starts, whole.starts_with_gaps, whole.missing))
    assert words_of(words.format(*figures)) in words_of(html)


def test_a_teacher_sees_the_starts_of_the_own_course_by_name_and_of_no_other(visit, app):
    html = visit("teacher").get(f"{USAGE}/completeness?since=").text
    assert [name for name in CLASS if name in html], "teachers know their students"
    assert not re.search(r"<td>\s*hub", html), "the hub tells of everybody"
    assert visit("teacher").get(f"{USAGE}/completeness?course=algebra").status_code == 403
    assert visit("student").get(f"{USAGE}/completeness").status_code == 403
    with reading(app.state.engine) as connection:
        [newest] = log.entries(connection, newest=1)
    assert (newest.kind, newest.study, newest.told["page"]) == ("look", None, "/completeness")


def test_a_researcher_sees_starts_under_pseudonyms_of_those_who_agreed(visit):
    html = visit("researcher").get(f"{USAGE}/completeness?since=").text
    assert not [name for name in CLASS if name in html]
    assert len(set(re.findall(r'<code title="([0-9a-f]{32})">', html))) == len(CLASS) - 2


def test_a_start_that_claims_too_much_is_shown_as_such_and_not_counted(visit, app):
    with reading(app.state.engine) as connection:
        [some] = queries.last_events(connection, 1, users=[CLASS[0]], kinds=["run"])
    claim = dict(some._mapping) | {"event_id": "claimed", "seq": 2**53 - 1}
    with writing(app.state.engine) as connection:
        bulk.insert_events(connection, [claim])
    for path in ("/completeness?since=&gaps=true", "/?since=&fresh=true"):
        html = words_of(visit("researcher").get(USAGE + path).text)
        assert "more events than a server can have run" in html
        assert f"{2**53 - 1:,}"[:9] not in html.split("Start by start")[0], "nor in any sum"
    with writing(app.state.engine) as connection:
        connection.execute(delete(EventRow).where(EventRow.event_id == "claimed"))


def test_a_start_that_was_killed_is_counted_and_not_called_complete(visit, app):
    with reading(app.state.engine) as connection:
        [some] = queries.last_events(connection, 1, users=[CLASS[0]], kinds=["run"])
    stopped = {"user": some.user, "server": some.server, "moment": some.at + timedelta(minutes=1)}
    killed = dict(some._mapping) | {"event_id": "killed", "boot_id": "killed", "seq": 0}
    with writing(app.state.engine) as connection:
        connection.execute(insert(ServerRow).values(**stopped, running=False))
        bulk.insert_events(connection, [killed])
    for language, counted, said, complete in (
        ("en", "starts that ended without saying so", "its last events may be missing", "complete"),
        ("uk", "стартів завершилося без повідомлення про кінець", "подій може бракувати", "повний"),
    ):
        html = visit("admin", language).get(f"{USAGE}/completeness?since=").text
        rows = [words_of(one) for one in html.split("<tr>") if said in one]
        [figure] = re.findall(rf"(\d+)\s+{counted}", words_of(html))
        assert int(figure) >= len(rows) > 0
        assert not [row for row in rows if complete in row]
