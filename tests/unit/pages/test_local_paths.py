"""Where the language switch may send a browser on (T12)."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.pages.local_path import local_path

HOME = "/hub/lab"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param("/hub/vpn-needed", "/hub/vpn-needed", id="a page of the lab"),
        pytest.param(
            "/services/usage/?course=a&kind=run#x", "/services/usage/?course=a&kind=run#x", id="with a query"
        ),
        pytest.param("//evil.example", HOME, id="another host without a scheme"),
        pytest.param("/\\evil.example", HOME, id="a backslash that browsers read as a slash"),
        pytest.param("\\/evil.example", HOME, id="a backslash first"),
        pytest.param("/hub/\\..\\..", HOME, id="a backslash further on"),
        pytest.param("https://evil.example/hub/lab", HOME, id="another host"),
        pytest.param("javascript:alert(1)", HOME, id="a script"),
        pytest.param("/\t/evil.example", HOME, id="a tab, which browsers drop"),
        pytest.param("/\n/evil.example", HOME, id="a line break, which browsers drop"),
        pytest.param("/hub/lab\r\nSet-Cookie: a=b", HOME, id="a second header"),
        pytest.param("hub/lab", HOME, id="no slash at the beginning"),
        pytest.param("", HOME, id="nothing"),
        pytest.param(None, HOME, id="no argument"),
        pytest.param("/" + "a" * 3000, HOME, id="longer than any address of ours"),
    ],
)
def test_only_paths_of_the_lab_are_followed(wanted, expected):
    assert local_path(wanted, otherwise=HOME) == expected


@given(st.text(alphabet="/\\.:@evil \t\n#?%", max_size=12))
def test_whatever_is_wanted_stays_on_the_host(wanted):
    target = urljoin("http://lab.example/hub/", local_path(wanted, otherwise=HOME).replace("\\", "/"))
    assert urlsplit(target).netloc == "lab.example"
