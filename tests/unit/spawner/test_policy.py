"""Who may open what, from where: the four scenarios as tables, and what holds for all inputs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.materials import Material, Title
from maximalab_spawner.policy import (
    EVERY,
    decide,
    handed_to,
    is_handed,
    may_open,
    parse_server_name,
    server_name,
)
from maximalab_spawner.tiers import (
    Access,
    Entrance,
    Granted,
    Person,
    Reason,
    Refused,
    Scenario,
    Tier,
    entrance_of,
    person_of,
    tier_of,
)
from tornado.httputil import HTTPHeaders

STUDENT = person_of("ada", ["study:or"])
OUTSIDER = person_of("eve", ["study:other"])
PUBLIC, PRIVATE = Granted(Tier.PUBLIC), Granted(Tier.PRIVATE)
VPN_NEEDED, NO_TIER = Refused(Reason.NEEDS_VPN), Refused(Reason.NO_PRIVATE_TIER)
AWAY, NOT_ENROLLED = Refused(Reason.TIER_UNAVAILABLE), Refused(Reason.NOT_ENROLLED)


def material(access, *courses) -> Material:
    title = Title("Назва", "Title")
    return Material("m", 1, Access(access), "maxima", courses or ("or",), 0, title, title, {"en": "m.ipynb"})


@pytest.mark.parametrize(
    ("scenario", "access", "from_home", "through_vpn"),
    [
        pytest.param(1, "open", PUBLIC, AWAY, id="1: open material at the only entrance"),
        pytest.param(1, "licensed", NO_TIER, NO_TIER, id="1: licensed material has no place"),
        pytest.param(1, "private", NO_TIER, NO_TIER, id="1: private material has no place"),
        pytest.param(2, "open", PUBLIC, AWAY, id="2: open material from home"),
        pytest.param(2, "licensed", PRIVATE, AWAY, id="2: licensed material from home"),
        pytest.param(2, "private", PRIVATE, AWAY, id="2: private material from home"),
        pytest.param(3, "open", PUBLIC, PUBLIC, id="3: open material from anywhere"),
        pytest.param(3, "licensed", VPN_NEEDED, PRIVATE, id="3: licensed material through the VPN"),
        pytest.param(3, "private", VPN_NEEDED, PRIVATE, id="3: private material through the VPN"),
        pytest.param(4, "open", VPN_NEEDED, PUBLIC, id="4: all through the VPN, open material too"),
        pytest.param(4, "licensed", VPN_NEEDED, PRIVATE, id="4: licensed material through the VPN"),
        pytest.param(4, "private", VPN_NEEDED, PRIVATE, id="4: private material through the VPN"),
    ],
)
def test_a_student_of_the_course(scenario, access, from_home, through_vpn):
    wanted = material(access)
    assert decide(wanted, STUDENT, Entrance.PUBLIC, Scenario(scenario)) == from_home
    assert decide(wanted, STUDENT, Entrance.VPN, Scenario(scenario)) == through_vpn


@pytest.mark.parametrize(
    ("groups", "admin", "access", "decision"),
    [
        pytest.param(["study:or"], False, "private", PRIVATE, id="a student of the course"),
        pytest.param(["teach:or"], False, "licensed", PRIVATE, id="a teacher of the course"),
        pytest.param([], True, "private", PRIVATE, id="an admin"),
        pytest.param(["teach:other"], False, "private", NOT_ENROLLED, id="a teacher of another course"),
        pytest.param(["study:other"], False, "licensed", NOT_ENROLLED, id="a student of another course"),
        pytest.param(["researchers"], False, "private", NOT_ENROLLED, id="a researcher"),
        pytest.param(
            ["or", "study:", "study: or", "STUDY:or", "study:or:x"],
            False,
            "private",
            NOT_ENROLLED,
            id="odd groups",
        ),
        pytest.param([], False, "open", PUBLIC, id="anyone opens open material"),
    ],
)
def test_who_may_open(groups, admin, access, decision):
    person = person_of("ada", groups, admin=admin)
    assert decide(material(access), person, Entrance.VPN, Scenario.PUBLIC_PRIVATE_VPN) == decision


@pytest.mark.parametrize("scenario", Scenario)
@pytest.mark.parametrize("entrance", Entrance)
def test_one_who_is_not_entitled_learns_the_same_everywhere(scenario, entrance):
    assert decide(material("private"), OUTSIDER, entrance, scenario) == NOT_ENROLLED


def test_unknown_material_is_refused_even_to_an_admin():
    admin = person_of("root", [], admin=True)
    decision = decide(None, admin, Entrance.VPN, Scenario.PUBLIC_PRIVATE_VPN)
    assert decision == Refused(Reason.UNKNOWN_MATERIAL)


NAMES = st.sampled_from(["or", "other", "third"])
PEOPLE = st.builds(
    Person,
    st.text(),
    st.frozensets(NAMES),
    st.frozensets(NAMES),
    researcher=st.booleans(),
    admin=st.booleans(),
)
MATERIALS = st.builds(
    lambda access, courses: material(access, *courses),
    st.sampled_from(Access),
    st.frozensets(NAMES, min_size=1),
)
ENTRANCES, SCENARIOS = st.sampled_from(Entrance), st.sampled_from(Scenario)


@given(MATERIALS, PEOPLE, ENTRANCES, SCENARIOS)
def test_a_tier_is_granted_only_where_the_scenario_has_it_and_to_the_entitled(
    wanted, person, entrance, scenario
):
    decision = decide(wanted, person, entrance, scenario)
    tier = tier_of(wanted.access)
    if isinstance(decision, Granted):
        assert decision.tier == tier
        assert entrance in scenario.entrances_of(tier)
        assert may_open(wanted, person)
    else:
        assert entrance not in scenario.entrances_of(tier) or not may_open(wanted, person)


@given(MATERIALS, PEOPLE, SCENARIOS.filter(lambda one: one >= 3))
def test_promise_1_private_material_is_never_granted_at_the_public_entrance(wanted, person, scenario):
    if wanted.access is not Access.OPEN:
        assert isinstance(decide(wanted, person, Entrance.PUBLIC, scenario), Refused)


@given(MATERIALS, PEOPLE, ENTRANCES, SCENARIOS, st.frozensets(NAMES))
def test_more_courses_never_take_anything_away(wanted, person, entrance, scenario, more):
    before = decide(wanted, person, entrance, scenario)
    richer = Person(person.name, person.studies | more, person.teaches, person.researcher, person.admin)
    if isinstance(before, Granted):
        assert decide(wanted, richer, entrance, scenario) == before


@pytest.mark.parametrize(
    ("headers", "entrance"),
    [
        pytest.param({"X-MaximaLab-Entrance": "vpn"}, "vpn", id="the VPN's proxy"),
        pytest.param({"x-maximalab-entrance": "vpn"}, "vpn", id="in small letters"),
        pytest.param({"X-MaximaLab-Entrance": "public"}, "public", id="the public proxy"),
        pytest.param({}, "public", id="no proxy at all"),
        pytest.param({"X-MaximaLab-Entrance": "VPN"}, "public", id="capitals"),
        pytest.param({"X-MaximaLab-Entrance": " vpn"}, "public", id="a blank before it"),
        pytest.param({"X-MaximaLab-Entrance": "vpn,vpn"}, "public", id="twice in one"),
        pytest.param({"X-MaximaLab-Entrance": "vpn", "X-Maximalab-Entrance": "vpn"}, "public", id="twice"),
        pytest.param(
            {"X-Forwarded-For": "10.66.0.9", "X-Real-IP": "10.66.0.9"}, "public", id="other headers"
        ),
    ],
)
def test_what_is_not_plainly_the_vpn_is_the_public_entrance(headers, entrance):
    assert entrance_of(headers) == entrance


def test_tornado_headers_are_read_as_well():
    headers = HTTPHeaders({"X-MaximaLab-Entrance": "vpn"})
    assert entrance_of(headers) is Entrance.VPN
    headers.add("X-MaximaLab-Entrance", "public")
    assert entrance_of(headers) is Entrance.PUBLIC


@given(st.sampled_from(Tier), st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True))
def test_a_servers_name_is_read_as_it_was_made(tier, image):
    assert parse_server_name(server_name(tier, image)) == (tier, image)


@given(st.text(max_size=40))
def test_a_name_that_is_read_is_one_that_is_made(name):
    parsed = parse_server_name(name)
    assert parsed is None or server_name(*parsed) == name


@pytest.mark.parametrize("image", ["", "Maxima", "a/b", "a" * 22, "-a", "a_b", "a\n"])
def test_an_image_that_no_server_can_be_named_after_is_refused(image):
    with pytest.raises(ValueError, match="image"):
        server_name(Tier.PUBLIC, image)


def of_course(name, access, course, image="maxima") -> Material:
    title = Title("Назва", "Title")
    return Material(name, 1, Access(access), image, (course,), 0, title, title, {"en": "m.ipynb"})


STORED = (
    of_course("simplex", "open", "or"),
    of_course("game", "private", "or"),
    of_course("solver", "licensed", "or"),
    of_course("priced", "licensed", "or", "ampl"),
    of_course("exam", "private", "other"),
)


@pytest.mark.parametrize(
    ("groups", "admin", "server", "handed"),
    [
        pytest.param(["study:or"], False, "private-maxima", ("game", "solver"), id="a student of one course"),
        pytest.param(["study:other"], False, "private-maxima", ("exam",), id="a student of the other"),
        pytest.param(["teach:other"], False, "private-maxima", ("exam",), id="its teacher"),
        pytest.param(
            ["study:or", "teach:other"], False, "private-maxima", ("exam", "game", "solver"), id="in both"
        ),
        pytest.param(["study:or"], False, "private-ampl", ("priced",), id="another image's server"),
        pytest.param([], False, "private-maxima", (), id="in no course"),
        pytest.param(["researchers"], False, "private-maxima", (), id="a researcher"),
        pytest.param([], True, "private-maxima", ("exam", "game", "solver"), id="an admin"),
        pytest.param([], False, "public-maxima", (EVERY,), id="the public tier hides nothing"),
    ],
)
def test_what_a_server_is_handed(groups, admin, server, handed):
    tier, image = parse_server_name(server)
    assert handed_to(person_of("ada", groups, admin=admin), tier, image, STORED) == handed


@pytest.mark.parametrize(
    ("handed", "opens"),
    [
        pytest.param((), False, id="nothing, or nobody knows what"),
        pytest.param(("exam", "games"), False, id="others"),
        pytest.param(("exam", "game"), True, id="among others"),
        pytest.param((EVERY,), True, id="everything"),
    ],
)
def test_a_server_opens_what_it_was_handed(handed, opens):
    assert is_handed(handed, "game") is opens


@given(
    st.sets(st.sampled_from(["study:or", "study:other", "teach:or", "teach:other", "researchers"])),
    st.booleans(),
)
def test_nothing_is_handed_that_the_person_may_not_open(groups, admin):
    person = person_of("ada", groups, admin=admin)
    handed = handed_to(person, Tier.PRIVATE, "maxima", STORED)
    assert all(may_open(one, person) and one.tier is Tier.PRIVATE for one in STORED if one.id in handed)
