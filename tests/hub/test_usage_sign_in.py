"""The usage service's pages behind a real hub and its proxy: who is signed in, may look, and may change something."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
import pytest
from maximalab_hub.store.engine import reading
from postedtoservice import SERVER
from sqlalchemy import text
from usagelab import UsageLab, running_usage_lab

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UsageLab]:
    """One hub for the whole module, since it takes long to start."""
    folder = tmp_path_factory.mktemp("usagelab")
    with running_usage_lab(folder, f"sqlite:///{folder / 'usage.sqlite'}") as running:
        yield running


@pytest.fixture(scope="module")
def ada(lab: UsageLab) -> str:
    """The token of ada's server."""
    return lab.server_token("ada", SERVER)


def test_a_person_signs_in_through_the_hub_and_comes_to_the_wanted_page(lab: UsageLab) -> None:
    with lab.browser("ada") as browser:
        answer = browser.get("/services/usage/me")
        assert (answer.status_code, answer.url.path) == (200, "/services/usage/me")
        first = answer.history[0].headers["location"]
        assert first.startswith("/hub/api/oauth2/authorize?"), "relative, so that both entrances work"
        cookies = [header for step in answer.history for header in step.headers.get_list("set-cookie")]
        ours = next(cookie for cookie in cookies if cookie.startswith("maximalab-usage="))
        assert "HttpOnly" in ours
        assert "Path=/services/usage/" in ours
        assert answer.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_servers_token_neither_looks_nor_agrees_in_its_persons_name(lab: UsageLab, ada: str) -> None:
    """As the hub really describes it; every other route and token: tests/unit/usage/test_who_may_call.py."""
    researchers = lab.server_token("rea", SERVER)
    before = consents(lab)
    for token, method, path in (
        (ada, "GET", "/me"),
        (ada, "POST", "/me/consent"),
        (researchers, "GET", "/export.csv"),
        (lab.tokens["witness"], "GET", "/me"),
        (lab.tokens["other"], "GET", "/"),
    ):
        headers = {"Authorization": f"token {token}"}
        form = {"data": {"decision": "agree", "version": "1"}} if method == "POST" else {}
        answer = httpx.request(method, lab.usage + path, headers=headers, timeout=20, **form)
        assert (answer.status_code, answer.json()["field"]) == (403, "token"), path
    assert consents(lab) == before


def test_a_person_may_use_a_token_of_their_own(lab: UsageLab) -> None:
    token = lab.runner("POST", "/users/ada/tokens", json={"note": "everything of ada's"}).json()["token"]
    answer = httpx.get(f"{lab.usage}/me", headers={"Authorization": f"token {token}"}, timeout=20)
    assert answer.status_code == 200


def test_a_researcher_signs_in_and_a_student_decides(lab: UsageLab) -> None:
    with lab.browser("rea") as researcher:
        answer = researcher.get("/services/usage/")
        assert answer.status_code == 200
        assert "Last events" in answer.text
    with lab.browser("bob") as student:
        assert student.get("/services/usage/").status_code == 403
        form = re.search(r'name="_xsrf"\s+value="([0-9a-f]{64})"', student.get("/services/usage/me").text)
        assert form
        decided = {"_xsrf": form[1], "study": "lab-study", "decision": "agree", "version": "1"}
        answer = student.post("/services/usage/me/consent", data=decided)
        assert answer.status_code == 200
        assert 'value="withdraw"' in answer.text


def test_signing_out_at_the_hub_ends_it_here_at_once(lab: UsageLab) -> None:
    with lab.browser("ada") as browser:
        browser.get("/services/usage/me")
        browser.get("/hub/logout")
        answer = browser.get("/services/usage/me", follow_redirects=False)
        assert answer.status_code == 302
        assert browser.get("/services/usage/me").url.path == "/hub/login"


@pytest.mark.parametrize(("name", "status"), [("rea", 200), ("root", 200), ("ada", 403), ("tom", 403)])
def test_only_researchers_and_admins_export(lab: UsageLab, name: str, status: int) -> None:
    with lab.browser(name) as browser:
        answer = browser.get("/services/usage/export.csv")
        assert answer.status_code == status
        if status == 403:
            assert "This page is not for you" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Sec-Fetch-Mode": "cors"}, 403, id="a script of a page on the same site"),
        pytest.param({"Sec-Fetch-Mode": "no-cors"}, 403, id="a picture that is our page"),
        pytest.param(
            {"Sec-Fetch-Mode": "cors", "X-XSRFToken": "0" * 64}, 403, id="with an invented form token"
        ),
        pytest.param({"Authorization": "token nonsense-nonsense"}, 401, id="a wrong token is not made good"),
    ],
)
def test_a_cookie_alone_opens_pages_to_people_only(
    lab: UsageLab, headers: dict[str, str], status: int
) -> None:
    with lab.browser("rea") as browser:
        browser.get("/services/usage/me")
        assert browser.get("/services/usage/me", headers=headers).status_code == status


def test_a_form_counts_only_with_its_token(lab: UsageLab) -> None:
    with lab.browser("ada") as browser:
        page = browser.get("/services/usage/me")
        form = re.search(r'name="_xsrf"\s+value="([0-9a-f]{64})"', page.text)
        assert form, page.text
        action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
        assert action, page.text
        before = consents(lab)
        for sent in ({}, {"_xsrf": ""}, {"_xsrf": "0" * 64}, {"_xsrf": "ґ"}):
            assert browser.post(action[1], data={"decision": "agree", **sent}).status_code == 403
        assert consents(lab) == before
        decided = {"decision": "agree", "study": "lab-study", "version": "1", "_xsrf": form[1]}
        assert browser.post(action[1], data=decided).status_code == 200
        assert consents(lab) == before + 1


def consents(lab: UsageLab) -> int:
    with reading(lab.engine) as connection:
        return connection.execute(text("SELECT count(*) FROM consent")).scalar_one()


def test_a_sign_in_that_nobody_began_here_is_refused(lab: UsageLab) -> None:
    with lab.browser("ada") as browser:
        answer = browser.get("/services/usage/oauth_callback?code=stolen&state=invented")
        assert answer.status_code == 400
        assert "begin" in answer.text or "try again" in answer.text
