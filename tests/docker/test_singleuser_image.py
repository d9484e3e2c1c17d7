"""The student's image, looked at from inside a container that is as hardened as a student's is."""

from __future__ import annotations

import asyncio
import json
import re

import docker
import pytest
from dockerlab import DockerLab
from floors import VERSIONS, below_the_floor, floors
from maximalab_spawner.serverenv import arguments
from maximalab_spawner.tiers import Tier
from serverimage import reference

pytestmark = pytest.mark.docker

LARGEST_MB = 560
"""What the image may take of a disk, its base included."""

CELLS = """
import json, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="maxima", startup_timeout=60)
answers = {}
for name, code in json.loads(sys.argv[1]).items():
    shown = {}
    def show(message):
        content = message["content"]
        if message["msg_type"] in ("execute_result", "display_data"):
            shown.update(content["data"])
        elif message["msg_type"] in ("stream", "error"):
            said = content["text"] if message["msg_type"] == "stream" else content["evalue"]
            shown[message["msg_type"]] = shown.get(message["msg_type"], "") + said
    client.execute_interactive(code, output_hook=show, timeout=60, allow_stdin=False)
    answers[name] = shown
answers["completion"] = client.complete("integr", reply=True, timeout=60)["content"]["matches"]
client.stop_channels()
manager.shutdown_kernel()
print(json.dumps(answers))
"""
"""A kernel in the container, as Jupyter starts it."""

SERVER = """
import json, os, subprocess, sys, time, urllib.error, urllib.request
os.environ["MAXIMALAB_SPOOL"] = "/srv/spool"
given = ["--no-browser", "--ip=127.0.0.1", "--port=8899", "--IdentityProvider.token=known", *json.loads(sys.argv[1])]
server = subprocess.Popen(["jupyter", "lab", *given], stderr=subprocess.PIPE, text=True)
def ask(path):
    request = urllib.request.Request(f"http://127.0.0.1:8899{path}", headers={"Authorization": "token known"})
    while True:
        try:
            answer = urllib.request.urlopen(request, timeout=30)
            return json.load(answer) if "json" in answer.headers["Content-Type"] else answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code
        except urllib.error.URLError:
            if server.poll() is not None:
                sys.exit(server.stderr.read())
            time.sleep(0.05)
print(json.dumps({path: ask(path) for path in sys.argv[2:]}))
server.terminate()
server.wait()
"""
"""JupyterLab in the container, with the arguments of a student's server; asked, then stopped."""


@pytest.fixture(scope="module")
def server(server_image, tmp_path_factory):
    """A container of the image: started by the spawner, so under the whole of `hardening`."""
    lab = DockerLab(tmp_path_factory.mktemp("image"))
    lab.limits[Tier.PRIVATE] = "memory_mb = 1024"
    lab.write()
    try:
        spawner = lab.spawner(Tier.PRIVATE)
        asyncio.run(spawner.start())
        yield lambda *words: lab.run(spawner, *words)
    finally:
        lab.clean()


@pytest.fixture(scope="module")
def python(server):
    """Run a program in the container; gives what it writes, read as JSON."""

    def run(program: str, *words: str):
        status, said = server("python", "-c", program, *words)
        assert status == 0, said
        return json.loads(said.splitlines()[-1])

    return run


@pytest.fixture(scope="module")
def image(server_image):
    return docker.from_env().api.inspect_image(server_image)


@pytest.fixture(scope="module")
def answers(python):
    """What a kernel of the image says to some cells."""
    cells = {
        "a result": "integrate(x^2, x);",
        "which Maxima": "build_info()@lisp_name;",
        "a plot": 'plot2d(sin(x), [x, 0, 6], [title, "Синус"]);',
        "a drawing without load": "draw2d(explicit(x^2, x, 0, 1));",
        "a package": 'load("draw")$ load("simplex")$ minimize_lp(x + y, [3*x + 2*y > 2, x + 4*y > 3]);',
        "preloaded": ':lisp (loop for name being the hash-keys of *maximalab-paths* do (format t "~a " name))',
    }
    return python(CELLS, json.dumps(cells))


def test_the_kernel_answers_with_tex_on_the_saved_core(answers):
    assert answers["a result"]["text/plain"].endswith("x^3/3")
    assert "\\frac" in answers["a result"]["text/latex"]
    assert answers["which Maxima"]["text/plain"].endswith("SBCL")


@pytest.mark.parametrize("plot", ["a plot", "a drawing without load"])
def test_a_plot_is_a_picture(answers, plot):
    assert "<svg" in answers[plot]["image/svg+xml"]
    assert "error" not in answers[plot]


def test_the_packages_of_a_course_are_there_before_they_are_loaded(answers):
    assert {"draw", "simplex", "graphs", "descriptive"} <= set(answers["preloaded"]["stream"].split())
    assert answers["a package"]["text/plain"].endswith("[9/10,[y = 7/10,x = 1/5]]")
    assert "error" not in answers["a package"]


def test_help_is_in_the_image_and_not_made_for_each_student(answers, server):
    assert "integrate" in answers["completion"]
    assert server("find", "/home/student", "-name", "manual-*") == (0, "")


def test_a_maxima_that_the_container_has_no_memory_for_is_told_as_that(server_image, tmp_path):
    lab = DockerLab(tmp_path)
    lab.limits[Tier.PRIVATE] = (
        "memory_mb = 256"  # less than the heap, so that nobody stops it before the system does
    )
    lab.write()
    try:
        spawner = lab.spawner(Tier.PRIVATE)
        asyncio.run(spawner.start())
        cells = {"hog": "makelist(i,i,1,10^8)$", "after": "6*7;"}
        status, said = lab.run(spawner, "python", "-c", CELLS, json.dumps(cells))
    finally:
        lab.clean()
    assert status == 0, said
    answers = json.loads(said.splitlines()[-1])
    assert "пам'ять: тут її забракло, тож процес завершила система" in answers["hog"]["error"]
    assert answers["after"]["text/plain"].endswith("42")


def test_the_kernel_s_own_check_is_content(server):
    status, said = server("python", "-m", "maximalab_kernel", "check")
    assert status == 0, said
    assert "saved core: /opt/maximalab/maxima/sbcl" in said
    assert "server in the core: of the kernel's age" in said


def test_jupyterlab_starts_speaks_ukrainian_and_installs_nothing(python):
    given = json.dumps(arguments(["maxima"], as_root=False))
    paths = [
        "/api/kernelspecs",
        "/lab/api/translations/uk_UA",
        "/lab/api/listings/@jupyterlab/x",
        "/api/terminals",
        "/lab",
    ]
    found = python(SERVER, given, *paths)
    assert list(found[paths[0]]["kernelspecs"]) == ["maxima"]
    assert found[paths[1]]["data"]["jupyterlab"]["File Browser"] == ["Оглядач файлів"]
    assert found[paths[3]] == 404
    assert '"can_install": false' in found[paths[4]]


UNCOMPILED = """
import importlib.util, json, pathlib
roots = map(pathlib.Path, ("/opt/lab/lib", "/usr/lib/python3.13", "/usr/lib/python3"))
print(json.dumps([
    str(file) for root in roots for file in root.rglob("*.py")
    if not pathlib.Path(importlib.util.cache_from_source(file)).exists()
]))
"""
EVERYWHERE = (
    "find / \\( -path '/home/student/*' -o -path '/srv/spool/*' -o -path '/tmp/*'"
    " -o -path /proc -o -path /sys -o -path /dev \\) -prune -o"
)
#: What is asked of the container's own shell, and the one answer that will do.
FACTS = {
    "everything runs as nobody of rights": ("id -u; id -g", "1000\n1000"),
    "who has no shell to sign in with": ("grep student /etc/passwd | cut -d: -f7", "/usr/sbin/nologin"),
    "no program gives another's rights": ("find / -xdev -type f -perm /6000 2>/dev/null", ""),
    "the student owns the home, the spool and the empty place of materials": (
        f"{EVERYWHERE} \\( -user 1000 -o -group 1000 \\) -print 2>/dev/null | sort",
        "/home/student\n/srv/materials\n/srv/spool",
    ),
    "and can write nowhere else": (
        f"{EVERYWHERE} -writable ! -type l -print 2>/dev/null | sort",
        "/home/student\n/srv/spool\n/tmp",
    ),
    "nothing compiles": ("command -v gcc cc c++ ld as make sbcl node npm", ""),
    "no package lists are left": ("ls -A /var/lib/apt/lists /var/cache/apt 2>&1 | grep -v :", ""),
    "nothing of the build is left": ("ls -d /src /build /wheels /ours /before /root/.cache /root/.npm 2>/dev/null", ""),
    "nothing tells where packages came from": ("find /opt/lab -name direct_url.json -o -name 'pip.conf'", ""),
    "no path of the build stands in what Jupyter reads": (
        "grep -rlE '/(src|build|wheels|ours)/' /opt/lab/bin /opt/lab/etc /opt/lab/share/jupyter/kernels", "",
    ),
    "large integers have their library": ("/sbin/ldconfig -p | grep -o 'libgmp.so.10 '", "libgmp.so.10"),
    "Cyrillic letters can be drawn": ("fc-list :lang=uk family | grep -c 'DejaVu Sans$'", "1"),
    "fonts are known from the start": ("fc-list >/dev/null && find /home/student -name fontconfig", ""),
}  # fmt: skip


@pytest.mark.parametrize(("line", "answer"), FACTS.values(), ids=FACTS)
def test_the_image_is_as_it_must_be(server, line, answer):
    assert server("sh", "-c", line)[1].strip() == answer


def test_everything_is_compiled(python):
    assert python(UNCOMPILED) == []


HUB_ALONE = {"oauthenticator", "pyjwt"}
"""Packages with a floor that a student's server does not have."""


def test_nothing_in_the_image_is_below_its_security_floor(python):
    there = python(VERSIONS)
    assert floors().keys() - there.keys() == HUB_ALONE
    assert below_the_floor(there) == {}


def test_it_is_small(image, record_property):
    size = round(image["Size"] / 1e6)
    record_property("image MB", size)
    print(f"{reference()}: {size} MB")  # noqa: T201  a figure that is asked for
    assert size <= LARGEST_MB


def test_it_tells_no_secret_and_no_host(image):
    history = json.dumps(docker.from_env().api.history(image["Id"]))
    for told in (history, json.dumps(image["Config"])):
        assert re.findall(r"https?://[^\\\s\"]+|[A-Za-z_]*(?:TOKEN|PASSWORD|SECRET)[A-Za-z_]*", told) == []
    assert image["Config"]["User"] == "1000:1000"
    assert image["Config"]["Cmd"] == ["jupyterhub-singleuser"]
