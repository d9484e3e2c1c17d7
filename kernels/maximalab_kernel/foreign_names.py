"""Names that beginners bring from school, other languages and other programs, and functions that need a package."""

from __future__ import annotations

FOREIGN: dict[str, str] = {
    "ln": "log", "lg": "log(x)/log(10)", "log10": "log(x)/log(10)", "log2": "log(x)/log(2)",
    "tg": "tan", "ctg": "cot", "cotan": "cot", "cosec": "csc", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "arctg": "atan", "arcctg": "acot", "arccot": "acot", "arctan2": "atan2",
    "sh": "sinh", "ch": "cosh", "th": "tanh", "tgh": "tanh", "sqr": "sqrt", "root": "x^(1/n)", "cbrt": "x^(1/3)",
    "int": "integrate", "integral": "integrate", "dif": "diff", "derive": "diff",
    "simplify": "ratsimp", "det": "determinant", "inv": "invert", "inverse": "invert", "eig": "eigenvalues",
    "lim": "limit", "ceil": "ceiling", "len": "length", "fsolve": "find_root",
    "dsolve": "ode2", "plot": "plot2d", "println": "print",
    "eye": "ident", "zeros": "zeromatrix", "fact": "n!", "fac": "n!",
    "choose": "binomial", "ncr": "binomial", "Re": "realpart", "Im": "imagpart", "arg": "carg",
    "conj": "conjugate", "collect": "collectterms", "assign": ":", "isprime": "primep",
    "evalf": "float", "subs": "subst", "nsolve": "find_root", "linprog": "minimize_lp", "maximize": "maximize_lp",
    "minimize": "minimize_lp", "linspace": "makelist", "factorize": "factor",
    "інтеграл": "integrate", "похідна": "diff",
    "Sum": "sum", "Product": "product", "Matrix": "matrix", "linsolv": "linsolve", "rand": "random",
}  # fmt: skip
"""What Maxima calls it. None of the keys is a function of Maxima's; the package eigen has a `conj`."""

PACKAGES: dict[str, tuple[str, ...]] = {
    "descriptive": (
        "mean", "var", "var1", "std", "std1", "median", "quantile", "skewness", "kurtosis", "cov", "cor",
        "mean_deviation", "geometric_mean", "harmonic_mean", "discrete_freq", "continuous_freq", "smin", "smax",
    ),
    "distrib": tuple(
        f"{kind}_{law}"
        for kind in ("pdf", "cdf", "quantile", "mean", "var", "std", "random")
        for law in (
            "normal", "student_t", "chi2", "f", "exp", "gamma", "beta", "continuous_uniform", "lognormal", "weibull",
            "binomial", "poisson", "bernoulli", "geometric", "discrete_uniform", "hypergeometric", "negative_binomial",
        )
    ),
    "stats": (
        "test_mean", "test_means_difference", "test_variance", "test_proportion", "test_normality",
        "linear_regression", "simple_linear_regression",
    ),
    "graphs": (
        "create_graph", "draw_graph", "shortest_path", "shortest_weighted_path", "minimum_spanning_tree", "max_flow",
        "max_matching", "vertex_coloring", "adjacency_matrix", "topological_sort", "complete_graph", "add_edge",
        "strong_components", "hamilton_cycle", "hamilton_path", "min_edge_cut", "min_vertex_cut",
    ),
    "simplex": ("minimize_lp", "maximize_lp", "linear_program"),
    "finance": ("npv", "irr", "fv", "pv", "annuity_pv", "annuity_fv", "amortization", "benefit_cost"),
    "lsquares": ("lsquares_estimates", "lsquares_residuals", "lsquares_mse", "plsquares"),
    "mnewton": ("mnewton",),
    "lbfgs": ("lbfgs",),
    "fmin_cobyla": ("fmin_cobyla",),
    "augmented_lagrangian": ("augmented_lagrangian_method",),
    "minpack": ("minpack_lsquares", "minpack_solve"),
    "interpol": ("lagrange", "linearinterpol", "cspline", "ratinterpol"),
    "fourier_elim": ("fourier_elim",),
    "solve_rec": ("solve_rec", "simplify_products"),
    "simplify_sum": ("simplify_sum",),
    "solve_rat_ineq": ("solve_rat_ineq",),
    "to_poly_solve": ("to_poly_solve",),
    "numericalio": ("read_matrix", "read_list", "read_nested_list", "write_data"),
    "drawdf": ("drawdf",),
    "dynamics": ("evolution", "staircase", "rk"),
    "implicit_plot": ("implicit_plot",),
}  # fmt: skip

PACKAGE_OF: dict[str, str] = {name: package for package, names in PACKAGES.items() for name in names}

CHARACTERS: dict[str, str] = {
    **dict.fromkeys("“”„«»‟‘", '"'), **dict.fromkeys("−–—‐‑", "-"), **dict.fromkeys("×·⋅∙∗", "*"),
    **dict.fromkeys("÷∕⁄", "/"), "²": "^2", "³": "^3", "√": "sqrt(…)", "≤": "<=", "≥": ">=", "≠": "#",
    "∞": "inf", "∫": "integrate(…)", "∑": "sum(…)", "→": "limit(…)", "’": "'", "°": "*%pi/180",
}  # fmt: skip
"""Characters that look like mathematics and are none of Maxima's operators, with what to write."""

OPERATORS: dict[str, str] = {
    "!=": "`#`", "<>": "`#`", "=<": "`<=`", "=>": "`>=`", "< =": "`<=`", "> =": "`>=`", ": =": "`:=`",
    "&&": "`and`", "||": "`or`", "|": "`abs(x)`", "->": "`=`, `:`", "++": "`k: k + 1`",
    "+=": "`k: k + …`", "-=": "`k: k - …`",
}  # fmt: skip
"""Operators of other languages, with Maxima's: in backquotes, as they stand in sentences of each language."""

CONSTANTS: dict[str, str] = {
    "pi": "%pi",
    "Pi": "%pi",
    "PI": "%pi",
    "π": "%pi",
    "пі": "%pi",
    "infinity": "inf",
    "oo": "inf",
    "True": "true",
    "TRUE": "true",
    "False": "false",
    "FALSE": "false",
}

CALLED: frozenset[str] = frozenset({
    "sin", "cos", "tan", "cot", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "abs",
    "floor", "ceiling", "print", "disp", "display", "factor", "expand", "ratsimp", "solve", "diff", "integrate",
    "limit", "float", "length", "first", "last", "load", "plot2d", "plot3d", "draw2d", "return",
})  # fmt: skip
"""Functions that beginners know, and `return`, to tell `sqrt 2` from `a b`."""

PRIMED_POWERS = ("sin", "cos", "tan", "cot", "sinh", "cosh", "tanh", "log", "ln", "tg", "ctg")
"""Functions whose powers are written before the argument on paper: `sin^2 x`."""

USAGE: dict[str, str] = {
    "plot2d": "plot2d(sin(x), [x, 0, 6])",
    "sum": "sum(k^2, k, 1, n)",
    "product": "product(k, k, 1, n)",
    "makelist": "makelist(k^2, k, 1, 5)",
    "integrate": "integrate(x^2, x, 0, 1)",
    "limit": "limit(sin(x)/x, x, 0)",
    "diff": "diff(x^3, x, 2)",
    "solve": "solve([x + y = 3, x - y = 1], [x, y])",
    "matrix": "matrix([1, 2], [3, 4])",
    "lambda": "lambda([x], x^2)",
    "maximize_lp": "maximize_lp(3*x + 5*y, [x + y <= 4, x >= 0, y >= 0])",
    "minimize_lp": "minimize_lp(3*x + 5*y, [x + y >= 4, x >= 0, y >= 0])",
    "explicit": "draw2d(explicit(sin(x), x, 0, 6))",
    "implicit": "draw2d(implicit(x^2 + y^2 = 1, x, -1, 1, y, -1, 1))",
    "parametric": "draw2d(parametric(cos(t), sin(t), t, 0, 6))",
    "region": "draw2d(region(x + y < 4, x, 0, 5, y, 0, 5))",
    "points": "draw2d(points([[1, 2], [3, 4]]))",
    "draw3d": "draw3d(explicit(x*y, x, 0, 1, y, 0, 1))",
    "find_root": "find_root(x^2 - 2, x, 0, 2)",
    "ode2": "ode2('diff(y, x) = y, y, x)",
    "append": "append([1, 2], [3])",
    "log": "log(8)/log(2)",
    "max": "lmax([1, 2, 3])",
    "min": "lmin([1, 2, 3])",
    "round": "round(3.14159*100)/100.0",
}
"""How those are called that beginners call with other arguments: by an example that can be run."""

FAMILIAR: frozenset[str] = frozenset({
    *USAGE, "factor", "factorial", "expand", "ratsimp", "trigsimp", "float", "print", "display", "length", "first",
    "last", "determinant", "invert", "transpose", "eigenvalues", "eigenvectors", "linsolve", "algsys", "allroots",
    "realroots",
    "plot3d", "draw2d", "draw3d", "subst", "binomial", "random", "floor", "ceiling", "assume", "taylor", "addrow",
    "addcol", "submatrix", "sublist", "create_list", "fullratsimp", "partfrac", "bfloat", "realpart",
    "imagpart", "contour_plot", "histogram", "points", "triangularize", "charpoly", "genmatrix", "ratsubst",
    "trigexpand", "trigreduce", "quotient", "remainder", "lsum", "apply", "flatten", "simplify_sum", "gcd", "abs",
}) - {"explicit", "implicit", "parametric", "region"}  # fmt: skip
"""What a first year meets: of several names that may be meant, these come first, and these alone for a short name."""

LATIN_KEYS = str.maketrans(
    "йцукенгшщзфівапролдячсмитьЙЦУКЕНГШЩЗФІВАПРОЛДЯЧСМИТЬы",
    "qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHJKLZXCVBNMs",
)
"""What the keys of the Ukrainian keyboard give in the Latin layout."""

LOOKALIKES = str.maketrans("аеіорсухАВЕКМНОРСТХ", "aeiopcyxABEKMHOPCTX")
"""Cyrillic letters to the Latin ones that look the same."""
