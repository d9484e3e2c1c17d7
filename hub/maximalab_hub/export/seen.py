"""Events as a study sees them, as Arrow tables: what `study.observed` says of one event, for many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.export.columns import COLUMNS
from maximalab_hub.setting_arrays import CODES, Coded, ScheduleArrays, coded
from maximalab_hub.store.arrow import coded_column, uuid_texts, uuids_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from maximalab_hub.compare import Timetables
    from maximalab_hub.study import Study

READ: Final = tuple("user" if one.name == "person" else one.name for one in COLUMNS if one.name != "setting")
"""The store's columns from which all of a study's are made."""
_MOST_TO_SEARCH: Final = 20_000_000
"""Characters: with more, each person is looked for in the own texts alone."""
_MOST_KEPT: Final = 100_000
"""Texts that are remembered as without a name: more would not be the same memory for any number of events."""
_SCRUBBED: Final = ("material", "notebook", "cell_id", "kernel", "error_name")


def seen(
    tables: Iterable[Any], study: Study, timetables: Timetables, people: Collection[str]
) -> Iterator[Any]:
    """Give the events of these people alone, in the study's columns; `tables` have the columns `READ`."""
    chosen, schedules, names = (
        pa.array(sorted(people), pa.string()),
        ScheduleArrays(timetables),
        Names(people),
    )
    for table in tables:
        users = coded(table.column("user"))
        agreed = np.asarray(pc.is_in(pa.array(users.values, pa.string()), chosen))[users.places]
        theirs = table if agreed.all() else table.filter(pa.array(agreed))
        if len(theirs):
            yield _seen(theirs, study, schedules, names)


class Names:
    """The account names of all people of an export, looked for in texts that come again and again."""

    def __init__(self, people: Collection[str]) -> None:
        self._folded = [user.casefold() for user in people]
        self._without: set[str] = set()

    def in_none(self, texts: Iterable[str | None]) -> bool:
        """Say whether no text holds any of the names; `False` also where it would take long to find out."""
        new = [text for text in texts if text and text not in self._without]
        if not new:
            return True
        every = "\n".join(new).casefold()
        if len(every) * len(self._folded) > _MOST_TO_SEARCH or any(name in every for name in self._folded):
            return False
        if len(self._without) + len(new) < _MOST_KEPT:
            self._without.update(new)
        return True


def _event_ids(ids: Any, study: Study) -> Any:  # noqa: ANN401
    raw = uuids_in(ids)
    if raw is None:
        return pa.array([study.pseudonyms.event_id(one) for one in ids.to_pylist()], pa.string())
    made = study.pseudonyms.event_ids(raw.tobytes())
    return uuid_texts(np.frombuffer(made, np.uint8).reshape(-1, 16))


def _seen(table: Any, study: Study, schedules: ScheduleArrays, names: Names) -> Any:  # noqa: ANN401
    users, at = coded(table.column("user")), table.column("at").cast(pa.int64()).to_numpy()
    found = schedules.settings(schedules.schedules(users, coded(table.column("course"))), at)
    columns = {name: table.column(name) for name in READ if name not in {"user", "event_id"}}
    columns["person"] = coded_column(users.places, [study.pseudonyms.of(user) for user in users.values])
    columns["event_id"] = _event_ids(table.column("event_id"), study)
    columns["setting"] = coded_column(found, [one.value for one in CODES])
    for name in _SCRUBBED:
        columns[name] = _scrubbed(columns[name], users, study, names)
    return pa.table([columns[one.name] for one in COLUMNS], names=[one.name for one in COLUMNS])


def _scrubbed(column: Any, users: Coded, study: Study, names: Names) -> Any:  # noqa: ANN401
    """Scrub the texts of people whose names stand in any of them; mostly there are none."""
    texts = coded(column)
    if names.in_none(texts.values):
        return column
    every = "\n".join(filter(None, texts.values)).casefold()
    few = len(every) * len(users.values) < _MOST_TO_SEARCH
    if few and not any(user.casefold() in every for user in users.values):
        return column
    pairs = pa.array(texts.places * len(users.values) + users.places).dictionary_encode()
    each = (divmod(pair, len(users.values)) for pair in pairs.dictionary.to_pylist())
    clean = [study.pseudonyms.scrub(texts.values[text], users.values[user]) for text, user in each]
    return pa.array(clean, pa.string()).take(pairs.indices)
