"""Recursions without end on SBCL and ECL: each is an error that says so, and what was defined is kept."""

from __future__ import annotations

import pytest
from maximalab_kernel.maxima import MaximaProcess
from maximas import FINDERS, NEEDS, ask

RECURSIONS = [
    pytest.param(["f(n):=1+f(n+1)$"], "f(1);", id="with a sum"),
    pytest.param(["f(n):=f(n+1)$"], "f(1);", id="only itself"),
    pytest.param(["f(n):=g(n)$", "g(n):=f(n)$"], "f(1);", id="two by turns"),
    pytest.param(["f():=f()$"], "f();", id="no argument"),
    pytest.param(["f: lambda([g,n], g(g,n+1))$"], "f(f,1);", id="a lambda"),
    pytest.param(["f(n):=map(f,[n])$"], "f(1);", id="map"),
    pytest.param(["f(n):=apply(f,[n])$"], "f(1);", id="apply"),
    pytest.param(["f(n):=block([m:n],if true then f(m+1))$"], "f(1);", id="block"),
    pytest.param(["f(n):=f(n+1)$"], "errcatch(f(1));", id="errcatch around it"),
    pytest.param(["f(n):=errcatch(f(n+1))$"], "f(1);", id="errcatch within it"),
    pytest.param(["f[n]:=n*f[n-1]$"], "f[1];", id="an array function"),
    pytest.param(["f(n):=makelist(f(k),k,1,2)$"], "f(1);", id="makelist"),
    pytest.param(["f(x)::=buildq([x],f(x))$"], "f(1);", id="a macro"),
    pytest.param(["tellsimp(f(q),f(q)+1)$"], "f(q);", id="a rule"),
    pytest.param(["f(n):=1+f(n+1)$", "translate(f)$"], "f(1);", id="translated"),
    pytest.param(["(f: x, for i thru 20000 do f: [f])$"], "f;", id="a list within a list"),
    pytest.param(["(f: x, for i thru 20000 do f: [f])$"], "f+1;", id="a sum with a list within a list"),
    pytest.param(["(f: x, for i thru 20000 do f: [f])$"], "f.f;", id="a product of lists within lists"),
    pytest.param([], "-" * 20000 + "x;", id="a sign before a sign"),
]
OFTEN = 5
"""How often each is met in one session: where the stack ends within an allocation, it is another place each time."""


@pytest.fixture(scope="module", params=["ecl", "sbcl"])
def shared(request):
    installation = FINDERS[request.param]()
    if installation is None:
        pytest.skip(NEEDS[request.param])
    process = MaximaProcess(installation)
    yield process
    process.close()


@pytest.fixture
def maxima(shared):
    ask(shared, "kill(all)$")
    ask(shared, "kept: 42$")
    return shared


def assert_told_and_kept(process, endless):
    born = process.pid
    said = ask(process, endless)
    assert said.error == "MaximaError"
    assert "too deep" in said.message or "надто глибока" in said.message
    assert "PROCEED WITH CAUTION" not in said.message
    assert "guard page" not in said.printed
    assert ask(process, "kept;").results == ["42"]
    assert process.pid == born


@pytest.mark.parametrize(("definitions", "endless"), RECURSIONS)
def test_a_recursion_without_end_is_an_error_each_time(maxima, definitions, endless):
    for definition in definitions:
        assert ask(maxima, definition).error is None
    for _ in range(OFTEN):
        assert_told_and_kept(maxima, endless)


def test_fifty_recursions_without_end_leave_the_session_as_it_was(maxima):
    for definition in ("aa(n):=bb(n)$", "bb(n):=aa(n)$", "kk(n):=kk(n+1)$"):
        ask(maxima, definition)
    for turn in range(50):
        assert_told_and_kept(maxima, ("aa(1);", "kk(1);")[turn % 2])
    assert ask(maxima, "6*7;").results == ["42"]


@pytest.mark.parametrize(("shared", "deep"), [("ecl", 900), ("sbcl", 3000)], indirect=["shared"])
def test_a_recursion_that_ends_is_as_deep_as_it_may_be_in_maxima_alone(maxima, deep):
    for turn in range(3):
        ask(maxima, "f(n):=if n=0 then 1 else n*f(n-1)$")
        assert ask(maxima, f"is(f({deep})={deep}!);").results == ["true"], turn
        assert_told_and_kept(maxima, "f(-1);")


@pytest.mark.parametrize("name", ["max", "min", "round", "truncate"])
@pytest.mark.parametrize("kill", ["kill({})$", "kill(values)$", "kill(all)$"])
def test_a_value_for_a_name_that_is_its_own_verb_can_be_taken_away(lab, name, kill):
    """Maxima alone never comes back from `max: 5$ kill(all)$`."""
    code = f"{name}: 5$ {kill.format(name)} [{name}, max(3, 4), min(3, 4), round(2.6), truncate(2.6)];"
    assert lab.run(code).results == [f"[{name},4,3,3,2]"]
