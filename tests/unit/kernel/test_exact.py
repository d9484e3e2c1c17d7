"""Rational arithmetic of the saved core: what Maxima's own functions say, which still do whatever is not rational."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maximalab_kernel.maxima import MaximaProcess
from maximas import NEEDS, ask, find_sbcl

BOTH_WAYS = """both(f, [l]) := block([fast, plain, fast_pivots, display2d: false],
  pivot_count_sx: 0, maximalab_exact: true, fast: errcatch(apply(f, l)), fast_pivots: pivot_count_sx,
  pivot_count_sx: 0, maximalab_exact: false, plain: errcatch(apply(f, l)), maximalab_exact: true,
  [?equal(fast, plain), is(fast_pivots = pivot_count_sx), fast])$"""
"""What a function says with and without our way: whether both are the same to the last cons, and the pivots; and it."""

AS_EVER = "[true,true,"


@pytest.fixture(scope="module")
def maxima():
    installation = find_sbcl()
    if installation is None:
        pytest.skip(NEEDS["sbcl"])
    process = MaximaProcess(installation)
    ask(process, BOTH_WAYS)
    yield process
    process.close()


def listed(numbers):
    return "[" + ",".join(map(str, numbers)) + "]"


def matrix(rows):
    return "matrix(" + ",".join(map(listed, rows)) + ")"


small = st.integers(-3, 3)
wide = st.one_of(
    small,
    st.integers(-(10**40), 10**40),
    st.fractions(-9, 9, max_denominator=12),
    st.builds(Fraction, st.integers(-(10**12), 10**12), st.integers(1, 10**12)),
)


@st.composite
def squares(draw):
    """Square matrices: dense, with many zeros, with a row twice, with rows of a common factor."""
    size = draw(st.integers(1, 7))
    element = draw(st.sampled_from([small, wide, st.sampled_from([0, 0, 0, 1, Fraction(1, 2)])]))
    rows = draw(st.lists(st.lists(element, min_size=size, max_size=size), min_size=size, max_size=size))
    if draw(st.booleans()):
        rows[draw(st.integers(0, size - 1))] = [draw(small) * x for x in rows[0]]
    return rows


@st.composite
def programs(draw):
    """Linear programs: small numbers, so that many are degenerate, unbounded, infeasible or redundant."""
    constraints, variables = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    element = draw(st.sampled_from([st.integers(-1, 1), small, wide]))
    rows = draw(st.lists(st.lists(element, min_size=variables, max_size=variables),
                         min_size=constraints, max_size=constraints))  # fmt: skip
    limits = draw(st.lists(element, min_size=constraints, max_size=constraints))
    if constraints > 1 and draw(st.booleans()):
        factor = draw(st.sampled_from([-1, 2, Fraction(1, 3)]))
        rows[-1], limits[-1] = [factor * x for x in rows[0]], factor * limits[0]
    return rows, limits, draw(st.lists(element, min_size=variables, max_size=variables))


every = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@every
@given(squares())
def test_an_inverse_is_the_one_of_maxima(maxima, rows):
    said = ask(maxima, f"both(invert_by_gausselim, {matrix(rows)});")
    assert said.results[0].startswith(AS_EVER), said.results


@every
@given(programs())
def test_a_program_takes_the_same_pivots_to_the_same_answer(maxima, program):
    rows, limits, costs = program
    said = ask(maxima, f"both(linear_program, {matrix(rows)}, {listed(limits)}, {listed(costs)});")
    assert said.results[0].startswith(AS_EVER), said.results


OTHERS = [
    pytest.param("both(invert, genmatrix(lambda([i,j], 1/(i+j-1)), 12, 12));", "matrix([144,", id="a Hilbert matrix"),
    pytest.param("both(invert, ident(9)*a);", "1/a", id="symbols"),
    pytest.param("both(invert, ident(9)*0.5);", "matrix([2,0,", id="floats"),
    pytest.param("both(invert, zeromatrix(9,9));", "[]]", id="no inverse"),
    pytest.param("both(invert, zeromatrix(9,10));", "[]]", id="no square"),
    pytest.param("both(invert, x);", "[]]", id="no matrix"),
    pytest.param("block([detout: true], both(invert, 3*ident(9)));", "1/", id="the determinant outside"),
    pytest.param("block([ratmx: true], both(invert, 3*ident(9)));", "1/3", id="canonical rational elements"),
    pytest.param("block([modulus: 7], both(invert, 3*ident(9)));", "-2", id="modulo a prime"),
    pytest.param("both(invert, rat(3)*ident(9));", "1/3", id="canonical rational numbers"),
    pytest.param("both(linear_program, matrix([1,1,1]), [1.5], [1,2,0]);", "0", id="a program of floats"),
    pytest.param("both(linear_program, matrix([1,1,1]), [a^2+1], [1,2,0]);", "a^2", id="a program of symbols"),
    pytest.param("both(linear_program, matrix([1,1,1]), [1,2], [1,2,0]);", "[]]", id="a program that is none"),
    pytest.param("both(linear_program, matrix([1,-1]), [1], [-1,-1]);", "not bounded", id="no bound"),
    pytest.param("both(linear_program, matrix([1,1]), [-1], [1,1]);", "not feasible", id="no solution"),
    pytest.param("block([scale_lp: true], both(linear_program, matrix([3,1,1]), [7], [-1,2,0]));", "7/3",
                 id="a program that is scaled"),
    pytest.param("block([pivot_max_sx: 2], both(linear_program, matrix([1,2,1,0],[3,1,0,1]), [4,6], [-1,-1,0,0]));",
                 "[]]", id="too many pivots"),
    pytest.param("both(minimize_lp, x/2+y, [x+y>=7/3, x-y<=1, 3*x+2*y>=5]);", "[[3/2,[y = 2/3,x = 5/3]]]",
                 id="a program in words"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "part"), OTHERS)
def test_whatever_it_is_nothing_else_comes_out(maxima, code, part):
    said = ask(maxima, code)
    assert said.results, said.message
    assert said.results[0].startswith(AS_EVER), said.results
    assert part in said.results[0]


BEALE = """block([pivot_max_sx: 50], both(linear_program,
  matrix([1/4,-60,-1/25,9,1,0,0],[1/2,-90,-1/50,3,0,1,0],[0,0,1,0,0,0,1]), [0,0,1], [-3/4,150,-1/50,6,0,0,0]));"""


def test_a_program_that_may_go_round_in_circles_ends_as_it_did(maxima):
    assert ask(maxima, BEALE).results[0].startswith(AS_EVER)


LARGE = "genmatrix(lambda([i,j], (mod(7*i^2+3*j^3+i*j, 101)-50)/(mod(i+j,9)+1)), 30, 30)"


def test_a_large_inverse_is_one(maxima):
    assert ask(maxima, f"is({LARGE} . invert({LARGE}) = ident(30));").results == ["true"]


OURS = [
    pytest.param(f"m: {LARGE}$", "(maximalab-inverse $m)", id="inverse"),
    pytest.param(
        "[a,b,c]: [matrix([1,1/2]), [1], [1,-1]]$", "(maximalab-linear-program $a $b $c)", id="program"
    ),
]


@pytest.mark.parametrize(("code", "form"), OURS)
def test_rational_numbers_do_go_our_way(maxima, code, form):
    ask(maxima, code)
    assert ask(maxima, f"(null {form})", "lisp").printed.strip() == "NIL"


def test_the_switch_outlives_what_a_student_kills(maxima):
    for code in ("kill(all)$", 'load("simplex")$', "reset()$"):
        ask(maxima, code)
        assert ask(maxima, "maximalab_exact;").results == ["true"], code
    ask(maxima, BOTH_WAYS)
    assert ask(maxima, "both(minimize_lp, x+y, [x+y>=2, x-y<=1]);").results[0].startswith(AS_EVER)
