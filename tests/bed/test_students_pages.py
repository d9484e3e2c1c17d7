"""JupyterLab itself on the bed: what one student's page does to others, and what a student's files do to the server."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import serverimage
from bed.asking import PRIVATE, PUBLIC, TESTER, URLS
from bed.engines import save
from bed.lab import LONG
from bed.people import PASSWORD
from confined import assert_a_neighbour_feels_nothing, assert_confined
from dockerhub import TokenKernel
from labrun import until
from maximalab_hub.secret_files import Secret, read_secret
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bed.lab import Lab
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.bed

BASE = f"/user/{{}}/{PUBLIC}/"
BOBS = "what-Bob-has-written"
OPEN_NODES = ("pub1", "pub2")


@pytest.fixture(scope="module")
def whole(settled: Lab) -> Iterator[Lab]:
    """Bob's and Eve's servers are JupyterLab, from the students' image; Bob has a file."""
    small, ours = settled.image, {f"maximalab.{server}.ada" for server in (PUBLIC, PRIVATE)}
    settled.stop_all(but=ours)
    archive = save(settled.folder / "whole.tar", serverimage.build())
    with ThreadPoolExecutor(len(OPEN_NODES)) as pool:
        list(pool.map(lambda name: settled.nodes[name].load(archive), OPEN_NODES))
    archive.unlink()
    settled.image = serverimage.reference()
    settled.change(image=settled.image, memory=512)
    people = {name: settled.person(name, at="campus").in_() for name in ("bob", "eve")}
    for person in people.values():
        settled.bring(person, "simplex", PUBLIC)
    run(settled, "bob", "sh", "-c", f"echo {BOBS} > /home/student/mine.txt")
    settled.bob, settled.eve = people.values()
    yield settled
    for person in people.values():
        person.close()
    settled.stop_all(but=ours)
    settled.image = small
    settled.change(image="", memory=128)


def run(lab: Lab, name: str, *words: str) -> str:
    """Run a program in a student's container, as the student does."""
    node = lab.nodes[lab.servers(name)[PUBLIC]["state"]["backend"]]
    made = node.client.exec_create(f"maximalab.{PUBLIC}.{name}", list(words))
    return node.client.exec_start(made["Id"]).decode()


# T12: what a page of Eve's does


GOALS = {
    "Bob's files": ("GET", f"{BASE.format('bob')}api/contents/mine.txt"),
    "Bob's file itself": ("GET", f"{BASE.format('bob')}files/mine.txt"),
    "Bob's kernels": ("POST", f"{BASE.format('bob')}api/kernels"),
    "Bob at the hub": ("GET", "/hub/api/users/bob"),
    "a token of Bob's": ("POST", "/hub/api/users/bob/tokens"),
    "a token of the visitor's own": ("POST", "/hub/api/users/{me}/tokens"),
    "everybody": ("GET", "/hub/api/users"),
    "the visitor's tokens": ("GET", "/hub/api/users/{me}/tokens"),
    "the end of Bob's server": ("DELETE", f"/hub/api/users/bob/servers/{PUBLIC}"),
    "the end of it by the form": ("POST", f"/hub/stop/{PUBLIC}"),
    "what is known of the visitor": ("GET", "/services/usage/me"),
}
"""What the page asks for, with the cookies of whoever looks at it."""
SCRIPT = """<!doctype html><title>waits</title><p>A page that Eve has written</p><script>
const goals = GOALS, said = {};
Promise.all(Object.entries(goals).flatMap(([name, [method, path]]) => ["cors", "no-cors"].map(async mode => {
  try {
    const answer = await fetch("BEGIN" + path, {method, mode, credentials: "include"});
    said[`${name}, ${mode}`] = [answer.status, (await answer.text()).slice(0, 400)];
  } catch (error) { said[`${name}, ${mode}`] = [0, String(error)]; }
}))).then(() => { document.body.dataset.said = JSON.stringify(said); document.title = "done"; });
</script>"""
WRITE = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"


@pytest.fixture(scope="module")
def page_of_eve(whole: Lab) -> str:
    """Where Eve has laid the page."""
    goals = {name: [method, path.format(me="eve")] for name, (method, path) in GOALS.items()}
    text = SCRIPT.replace("GOALS", json.dumps(goals)).replace("BEGIN", URLS["public"])
    assert run(whole, "eve", "python3", "-c", WRITE, "/home/student/mine.html", text) == ""
    return f"{BASE.format('eve')}files/mine.html"


@pytest.fixture(scope="module")
def chromium(whole: Lab, chromium_path: str) -> Iterator[Browser]:
    """A browser that runs on the campus."""
    program = whole.folder / "chromium-on-campus"
    words = whole.figure["campus"].words(chromium_path)
    program.write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
    program.chmod(0o755)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(browser: Browser, name: str) -> Page:
    page = browser.new_context(base_url=URLS["public"]).new_page()
    page.set_default_timeout(120_000)
    page.goto("/hub/login?next=%2Fhub%2Flab")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/hub/lab")
    return page


def still_there(lab: Lab) -> bool:
    return lab.ready("bob", PUBLIC) and lab.ready("eve", PUBLIC)


@pytest.mark.chromium
def test_t12_a_student_s_page_gets_nothing_with_its_own_student_s_cookies(whole, chromium, page_of_eve):
    page = signed_in(chromium, "eve")
    page.goto(page_of_eve)
    page.wait_for_function("document.title === 'done'")
    said = json.loads(page.locator("body").get_attribute("data-said"))
    assert len(said) == 2 * len(GOALS)
    assert {goal: answer for goal, answer in said.items() if answer[0]} == {}
    assert BOBS not in str(said)
    assert still_there(whole)


@pytest.mark.chromium
def test_t12_another_student_who_comes_to_it_is_kept_out(whole, chromium, page_of_eve):
    page = signed_in(chromium, "bob")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    answer = page.goto(page_of_eve)
    assert answer.status == 403
    assert "A page that Eve has written" not in page.content()
    goals = [f"{method} {URLS['public']}{path}" for method, path in GOALS.values()]
    assert not set(asked) & set(goals), "her script did not run"
    assert still_there(whole)


def as_from_eves_page(lab: Lab, method: str, path: str, page: str):
    """Ask as a script would that runs in JupyterLab's own page, of the entrance's origin."""
    told = {"Referer": f"{URLS['public']}{page}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    return lab.eve.http.request(method, path.format(me="eve"), headers=told)


OTHERS = [name for name in GOALS if "visitor" not in name and "form" not in name]


@pytest.mark.parametrize("goal", OTHERS)
def test_t12_no_way_to_another_student_even_where_a_script_has_the_lab_s_origin(whole, page_of_eve, goal):
    method, path = GOALS[goal]
    answer = as_from_eves_page(whole, method, path, page_of_eve)
    assert answer.status_code in (403, 404), (answer.status_code, answer.text[:500])
    assert BOBS not in answer.text
    assert still_there(whole)


@pytest.mark.parametrize("goal", ["a token of the visitor's own", "the end of it by the form"])
def test_t12_nothing_is_changed_without_a_form_s_token(whole, page_of_eve, goal):
    method, path = GOALS[goal]
    assert as_from_eves_page(whole, method, path, page_of_eve).status_code == 403
    assert still_there(whole)


# T13: what a student writes and reads

TAKEN = "open('/home/student/taken-over', 'a').write(__file__)\n"
KERNEL = {"argv": ["/home/student/.local/bin/maxima"], "display_name": "Maxima", "language": "maxima"}
FILES = {
    **dict.fromkeys(
        (
            ".jupyter/jupyter_server_config.py",
            ".jupyter/jupyter_config.py",
            ".jupyter/jupyter_lab_config.py",
            ".jupyter/jupyterhub_singleuser_config.py",
            ".local/lib/python3.13/site-packages/sitecustomize.py",
            ".local/lib/python3.13/site-packages/usercustomize.py",
            ".local/lib/python3.13/site-packages/maximalab_recorder/__init__.py",
            "jupyterhub.py",
            "maximalab_recorder.py",
            "sitecustomize.py",
        ),
        TAKEN,
    ),
    ".jupyter/jupyter_server_config.json": '{"ServerApp": {"token": "open", "terminals_enabled": true}}',
    ".jupyter/jupyter_server_config.d/mine.json": '{"ServerApp": {"allow_origin": "*"}}',
    ".local/share/jupyter/kernels/maxima/kernel.json": json.dumps(KERNEL),
    ".local/share/jupyter/kernels/mine/kernel.json": json.dumps(KERNEL),
    **dict.fromkeys(
        (f".local/bin/{name}" for name in ("maxima", "jupyterhub-singleuser", "python3", "gnuplot")),
        f"#!/usr/bin/python3\n{TAKEN}",
    ),
    **dict.fromkeys((".profile", ".bashrc", ".bash_profile"), "touch /home/student/taken-over\n"),
}
"""What a student may write, each of which would change the server, were it read."""
LAY = """
import json, os, sys
for name, text in json.loads(sys.argv[1]).items():
    path = os.path.join("/home/student", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)
"""


def told(lab: Lab) -> dict[str, object]:
    """What Eve's server is, as its engine and as it tells itself; what is new at each start is left out."""
    node = lab.nodes[lab.servers("eve")[PUBLIC]["state"]["backend"]]
    container = node.client.inspect_container(f"maximalab.{PUBLIC}.eve")
    env = dict(one.split("=", 1) for one in container["Config"]["Env"])
    new = {name for name in env if name.endswith(("TOKEN", "MARK"))}
    base = BASE.format("eve")
    lab.eve.http.get(f"{base}lab")
    kernels = lab.eve.http.get(f"{base}api/kernelspecs").raise_for_status().json()["kernelspecs"]
    return {
        "command": container["Config"]["Cmd"],
        "environment": {name: value for name, value in env.items() if name not in new},
        "kernels": {name: its["spec"]["argv"] for name, its in kernels.items()},
        "terminals": lab.eve.http.get(f"{base}api/terminals").status_code,
        "from elsewhere": lab.eve.http.get(
            f"{base}api/status", headers={"Origin": "http://evil.example"}
        ).headers.get("Access-Control-Allow-Origin"),
        "by a guessed token": closed_by(lab, base),
    }


def closed_by(lab: Lab, base: str) -> int:
    with lab.person("eve", at="campus") as nobody:
        return nobody.http.get(f"{base}api/status", headers={"Authorization": "token open"}).status_code


def test_t13_what_a_student_writes_changes_no_server(whole):
    before = told(whole)
    assert run(whole, "eve", "python3", "-c", LAY, json.dumps(FILES)) == ""
    assert whole.eve.stop(PUBLIC).status_code in (202, 204)
    until(lambda: not whole.servers("eve").get(PUBLIC, {}).get("pending"), "it has stopped", LONG)
    whole.bring(whole.eve, "simplex", PUBLIC)
    assert told(whole) == before
    assert before["terminals"] == 404
    assert list(before["kernels"]) == ["maxima"]
    there = run(whole, "eve", "sh", "-c", "cd /home/student; ls -A . .local/bin")
    assert "sitecustomize.py" in there, "the home is the same"
    assert "taken-over" not in there


SEARCH = """
import glob, json, os, sys
wanted, found = json.loads(sys.argv[1]), []
def look(path):
    try:
        with open(path, "rb") as file:
            text = file.read(10**7)
    except OSError:
        return
    found.extend((name, path) for name, word in wanted.items() if word.encode() in text)
for top in ("/home", "/srv", "/tmp", "/run", "/var", "/etc", "/dev/shm", "/mnt", "/media", "/root"):
    for folder, _, files in os.walk(top):
        for name in files:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                look(path)
for path in glob.glob("/proc/[0-9]*/environ"):
    look(path)
print(json.dumps(found))
"""


def secrets(lab: Lab) -> dict[str, str]:
    """Words that are nobody's in a student's container."""
    node = lab.nodes[lab.servers("bob")[PUBLIC]["state"]["backend"]]
    env = dict(
        one.split("=", 1) for one in node.client.inspect_container(f"maximalab.{PUBLIC}.bob")["Config"]["Env"]
    )
    kept = {secret.name: read_secret(lab.folder / "secrets", secret).strip() for secret in Secret}
    return {**kept, "tester": TESTER, "Bob's token": env["JUPYTERHUB_API_TOKEN"], "Bob's file": BOBS}


def test_t13_no_token_no_runtime_file_and_no_other_home_can_be_read(whole):
    own = run(whole, "eve", "sh", "-c", "printf %s $JUPYTERHUB_API_TOKEN")
    wanted = secrets(whole)
    assert all(len(word) > 8 for word in (own, *wanted.values()))
    found = json.loads(run(whole, "eve", "python3", "-c", SEARCH, json.dumps({"her own": own, **wanted})))
    assert {name for name, _ in found} == {"her own"}, found
    assert "Bob's file" in str(
        run(whole, "bob", "python3", "-c", SEARCH, json.dumps({"Bob's file": BOBS}))
    ), "and what is there is found"
    files = run(whole, "eve", "sh", "-c", "find / -name 'jpserver-*' -o -name 'kernel-*.json' 2>/dev/null")
    assert {Path(one).parts[1] for one in files.split()} <= {"tmp"}, "runtime files are in memory of her own"
    assert run(whole, "eve", "ls", "/home").split() == ["student"]


def test_t13_what_is_shared_is_read_only(whole):
    said = run(whole, "eve", "sh", "-c", "ls /srv/materials && touch /srv/materials/mine; echo x > /etc/mine")
    assert "simplex" in said
    assert said.count("Read-only file system") == 2


# T7 and T9: what a student's code does to its own server


@pytest.fixture(scope="module")
def kernel_of_bob(whole: Lab) -> Iterator[TokenKernel]:
    """A kernel in Bob's server, at the public entrance; the test is on the campus."""
    with whole.figure["campus"].inside():
        yield TokenKernel(URLS["public"], BASE.format("bob"), token=TESTER)


def test_t09_a_kernel_is_confined_interrupted_and_started_again(whole, kernel_of_bob):
    assert_confined(kernel_of_bob)
    assert whole.ready("bob", PUBLIC)


def test_t07_what_one_server_does_to_itself_its_neighbour_does_not_feel(whole, kernel_of_bob):
    node = whole.nodes[whole.servers("eve")[PUBLIC]["state"]["backend"]]
    try:
        assert_a_neighbour_feels_nothing(node.client, f"maximalab.{PUBLIC}.eve", kernel_of_bob)
        assert whole.ready("bob", PUBLIC)
        assert whole.parts["hub"].alive
    finally:
        assert whole.eve.stop(PUBLIC).status_code in (202, 204)
        until(
            lambda: not whole.servers("eve").get(PUBLIC, {}).get("pending"),
            "it can be stopped all the same",
            LONG,
        )
