"""Panels, invitations, answers and tables of levels, kept on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from maximalab_hub.competence import Levels
from maximalab_hub.ratings import Criterion
from maximalab_hub.store import template
from maximalab_hub.store.engine import StoreAwayError, reading, writing
from maximalab_hub.store.template import CompetenceTable, Panel

if TYPE_CHECKING:
    from sqlalchemy import Engine

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CRITERIA = (Criterion("Легкість", "Ease", Fraction(1, 3)), Criterion("=1+1", "<b>", Fraction(2)))
PANEL = Panel("p1", "Симплекс", CRITERIA, 0, 3, NOW)
TABLE = CompetenceTable("t1", "Рівні", True, Levels(("low", "high"), ("a", "b"), ((1, 2), (3, 4))), NOW)


@pytest.fixture
def filled(store: Engine) -> Engine:
    with writing(store) as connection:
        template.add_panel(connection, "s", PANEL, "olha")
        assert template.invite(connection, "p1", ["h1", "h2"], NOW) == 1
        assert template.invite(connection, "p1", ["h3"], NOW) == 3
    return store


def test_a_panel_is_given_back_as_it_was_made_and_to_its_study_alone(filled: Engine):
    later = Panel("p2", "Later", CRITERIA[:1], 1, 5, NOW + timedelta(days=1))
    with writing(filled) as connection:
        template.add_panel(connection, "s", later, "olha")
        assert template.panels(connection, "s") == [later, PANEL]
        assert template.panels(connection, "s", "p1") == [PANEL]
        assert template.panels(connection, "other") == template.panels(connection, "other", "p1") == []


def test_an_answer_replaces_the_one_before(filled: Engine):
    with writing(filled) as connection:
        first, second, _ = template.invitations(connection, "p1")
        assert (first.place, second.place) == (1, 2)
        template.answer(connection, first.invitation_id, [0, 1], NOW)
        template.answer(connection, second.invitation_id, [3, 3], NOW)
        template.answer(connection, first.invitation_id, [2, 2], NOW + timedelta(hours=1))
    with reading(filled) as connection:
        assert template.answers(connection, "p1") == [(2, 2), (3, 3)]
        assert template.scores_of(connection, first.invitation_id) == (2, 2)
        answered = [one.answered_at for one in template.invitations(connection, "p1")]
    assert answered == [NOW + timedelta(hours=1), NOW, None]


def test_an_invitation_is_found_by_its_secrets_fingerprint_alone(filled: Engine):
    with reading(filled) as connection:
        found = template.invitation_by(connection, "h2")
        assert found is not None
        assert template.panel_of(connection, found) == PANEL
        assert template.invitation_by(connection, "h4") is None


def test_no_secret_is_given_twice(filled: Engine):
    with pytest.raises(StoreAwayError), writing(filled) as connection:
        template.invite(connection, "p1", ["h1"], NOW)
    with reading(filled) as connection:
        assert len(template.invitations(connection, "p1")) == 3


def test_levels_are_kept_and_taken_away_by_their_study_alone(store: Engine):
    with writing(store) as connection:
        template.add_competence(connection, "s", TABLE, "olha")
        template.remove_competence(connection, "other", "t1")
        assert template.competence_tables(connection, "s") == [TABLE]
        assert template.competence_tables(connection, "other") == []
        template.remove_competence(connection, "s", "t1")
        template.remove_competence(connection, "s", "t1")
        assert template.competence_tables(connection, "s") == []
