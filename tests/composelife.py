"""What a lab in containers is put through by its admin: keys anew, a newer version and back, a certificate."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import uuid
from pathlib import Path

from composelab import ROOT, ComposeLab, docker
from httpscertificate import certificate_for
from labimages import tag

MIGRATION = """
from alembic import op
import sqlalchemy as sa
revision, down_revision = "9999", "{head}"
def upgrade():
    op.create_table("of_tomorrow", sa.Column("id", sa.Integer, primary_key=True))
def downgrade():
    op.drop_table("of_tomorrow")
"""
ASK = """
import json, sys, urllib.request, urllib.error
for url, token in json.load(sys.stdin):
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    try:
        print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""
LOG_IN = """
import sys, psycopg
for line in sys.stdin:
    _, _, _, user, password = line.strip().split(":")
    try:
        psycopg.connect(host="db", dbname=f"maximalab_{user}", user=user, password=password).close()
        print("in")
    except psycopg.OperationalError:
        print("out")
"""


def peer(told: dict[str, str], key: str, endpoint: str) -> str:
    """Write what a person changes on a device for the gateway's new key."""
    old, net = told["PublicKey"], told["AllowedIPs"]
    return f"wg set wg0 peer '{old}' remove && wg set wg0 peer '{key}' endpoint {endpoint} allowed-ips {net}"


def keys(lab: ComposeLab) -> dict[str, str]:
    """Read all keys of the lab, by file."""
    return {path.name: path.read_text().strip() for path in (lab.folder / "secrets").iterdir()}


def let_in(lab: ComposeLab, words: dict[str, str]) -> list[str]:
    """Say what each key of a set still opens: the hub's API twice, each proxy's, and the two databases."""
    hub, net = f"http://{lab.block}.0.2:8081/hub/api/user", f"{lab.block}.0"
    asked = [
        (hub, words["usage_token"]),
        (hub, words["vpn_gateway_token"]),
        (f"http://{net}.4:8001/api/routes", words["proxy_token_public"]),
        (f"http://{net}.5:8001/api/routes", words["proxy_token_vpn"]),
    ]
    said = lab.exec("hub", "python3", "-c", ASK, input=json.dumps(asked)).split()
    lines = "".join(f"{words[name]}\n" for name in ("db_hub", "db_usage"))
    return said + lab.exec("usage", "python3", "-c", LOG_IN, input=lines).split()


def refused(lab: ComposeLab, script: str, *words: str, **env: str) -> str:
    """Type a command that is to be refused; gives what it says."""
    ran = subprocess.run(
        [str(ROOT / "deploy/compose" / script), *words],
        env={**lab.env, **env},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode != 0, ran.stdout
    return ran.stderr


def newer_images(lab: ComposeLab) -> str:
    """Give the tag of a version that is the same but for one more migration."""
    made, folder = f"{tag()}-newer", lab.folder.parent / "newer"
    for name in ("singleuser", "proxy", "relay", "postgres", "gateway"):
        docker("tag", f"maximalab/{name}:{tag()}", f"maximalab/{name}:{made}")
    folder.mkdir()
    head = lab.sql("maximalab_usage", "SELECT version_num FROM maximalab_alembic_version")
    (folder / "m9999_newer.py").write_text(MIGRATION.format(head=head))
    (folder / "Dockerfile").write_text(
        f"FROM maximalab/hub:{tag()}\nUSER 0:0\nCOPY m9999_newer.py /tmp/\n"
        "RUN cp /tmp/m9999_newer.py /opt/lab/lib/python3*/site-packages/maximalab_hub/migrations/versions/\n"
        "USER 950:950\n"
    )
    docker("build", "--quiet", "--tag", f"maximalab/hub:{made}", str(folder))
    return made


def forget_newer_images() -> None:
    """Remove what `newer_images` made."""
    for name in ("singleuser", "proxy", "relay", "postgres", "gateway", "hub"):
        subprocess.run(
            ["docker", "rmi", "--force", f"maximalab/{name}:{tag()}-newer"], capture_output=True, check=False
        )


def certificate(lab: ComposeLab, name: str) -> tuple[Path, Path, ssl.SSLContext]:
    """Make a certificate for the lab; gives its two files, and who trusts it."""
    folder = lab.folder.parent / name
    folder.mkdir()
    certificate_for(lab.loopback, folder)
    return folder / "cert.pem", folder / "key.pem", ssl.create_default_context(cafile=folder / "cert.pem")


def shown(lab: ComposeLab) -> str:
    """Give the certificate that a new handshake is answered with."""
    return ssl.get_server_certificate((lab.loopback, 8480))


def echo(socket: object, session: str) -> None:
    """Ask the kernel something by a websocket that is open already."""
    header = {
        "msg_id": uuid.uuid4().hex,
        "session": session,
        "username": "",
        "msg_type": "kernel_info_request",
    }
    message = {"header": {**header, "version": "5.3"}, "parent_header": {}, "metadata": {}, "content": {}}
    socket.send(json.dumps({**message, "channel": "shell", "buffers": []}))
    while json.loads(socket.recv(timeout=60))["header"]["msg_type"] != "kernel_info_reply":
        pass


def destroy(lab: ComposeLab) -> None:
    """Lose the machine: containers, homes, and the lab's folder, all but the backups beside it."""
    mine = f"label=io.maximalab.lab={lab.name}"
    docker("rm", "-f", *docker("ps", "-aq", "--filter", mine).split())
    lab.run("compose", "--profile", "command", "down", "--volumes", "--timeout", "1")
    docker("volume", "rm", *docker("volume", "ls", "-q", "--filter", mine).split())
    for one in lab.folder.iterdir():
        shutil.rmtree(one) if one.is_dir() else one.unlink()
