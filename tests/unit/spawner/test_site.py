"""What a file of backends may say of Docker engines."""

from __future__ import annotations

import pytest
from maximalab_spawner.backends import BackendsError, Kind, read_backends
from maximalab_spawner.engine import Address, Tls
from maximalab_spawner.hardening import Limits, Net
from maximalab_spawner.kinds import spawner_for
from maximalab_spawner.local import TieredLocalSpawner
from maximalab_spawner.spawner import TieredDockerSpawner

PRIVATE = """[[backend]]
name = "campus"
tier = "private"
kind = "docker"
capacity = 30
materials = "/srv/private"
engine = "unix:///var/run/docker.sock"
subnet = "172.28.2.0/24"
hub_url = "http://172.28.2.1:8081"
usage_url = "http://172.28.2.1:8000/events"
[backend.images]
maxima = "maximalab/singleuser:0.1"
"""
PUBLIC = """[[backend]]
name = "cloud"
tier = "public"
kind = "docker"
capacity = 40
materials = "/srv/public"
engine = "tcp://203.0.113.9:2376"
tls_ca = "ca.pem"
tls_cert = "cert.pem"
tls_key = "key.pem"
subnet = "172.28.1.0/24"
internet = true
dns = ["9.9.9.9"]
publish = "203.0.113.9"
hub_url = "https://lab.example.org"
usage_url = "https://lab.example.org/services/usage/events"
[backend.images]
maxima = "maximalab/singleuser:0.1"
[backend.limits]
memory_mb = 512
cpus = 0.5
"""


@pytest.fixture
def path(tmp_path):
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").write_text("")
    return tmp_path / "backends.toml"


def test_both_engines_are_read(path):
    path.write_text(PRIVATE + PUBLIC)
    campus, cloud = read_backends(path)
    assert campus.kind is cloud.kind is Kind.DOCKER
    assert campus.site.engine == Address("campus", "unix:///var/run/docker.sock")
    assert campus.site.net == Net("maximalab-campus", "172.28.2.0/24")
    assert campus.site.limits == Limits()
    files = Tls(*(path.with_name(f"{name}.pem") for name in ("ca", "cert", "key")))
    assert cloud.site.engine == Address("cloud", "tcp://203.0.113.9:2376", files)
    assert cloud.site.net == Net("maximalab-cloud", "172.28.1.0/24", True, ("9.9.9.9",), "203.0.113.9")
    assert cloud.site.limits == Limits(memory_mb=512, cpus=0.5)
    assert (campus.site.hub_machine, cloud.site.hub_machine) == ("", "")
    path.write_text(PRIVATE.replace("capacity", 'hub_machine = "172.28.91.2"\ncapacity'))
    assert read_backends(path)[0].site.hub_machine == "172.28.91.2"


@pytest.mark.parametrize(
    ("old", "new", "field", "remedy"),
    [
        pytest.param(
            'tls_ca = "ca.pem"\n', "", "tls_ca", "belong together", id="a certificate without its authority"
        ),
        pytest.param('"key.pem"', '"kye.pem"', "tls_key", "no file", id="a key that is not there"),
        pytest.param(
            'tls_ca = "ca.pem"\ntls_cert = "cert.pem"\ntls_key = "key.pem"\n',
            "",
            "engine",
            "obeys everybody",
            id="an engine on the network without TLS",
        ),
        pytest.param(
            "tcp://203.0.113.9:2376", "http://203.0.113.9", "engine", "tcp://host:port", id="another scheme"
        ),
        pytest.param(
            "tcp://203.0.113.9:2376", "tcp://203.0.113.9:no", "engine", "host:port", id="a port in letters"
        ),
        pytest.param(
            "tcp://203.0.113.9:2376", "unix:///run/d.sock", "tls_ca", "no TLS", id="TLS on a socket"
        ),
        pytest.param('"172.28.1.0/24"', '"8.8.8.0/24"', "subnet", "private", id="somebody else's addresses"),
        pytest.param('"172.28.1.0/24"', '"172.28.1.0/30"', "subnet", "/28", id="a network without room"),
        pytest.param('"172.28.1.0/24"', '"172.28.1.7/24"', "subnet", "172.28", id="an address for a network"),
        pytest.param(
            'dns = ["9.9.9.9"]', "", "dns", "name a resolver", id="a way out with the engine's resolver"
        ),
        pytest.param(
            '["9.9.9.9"]', '["127.0.0.53"]', "dns", "none of this machine", id="the machine's own resolver"
        ),
        pytest.param("internet = true\n", "", "dns", "remove it", id="a resolver that nobody reaches"),
        pytest.param(
            '"203.0.113.9"\n', '"0.0.0.0"\n', "publish", "everybody", id="servers open to everybody"
        ),
        pytest.param(
            '"https://lab.example.org"', '"http://127.0.0.1:8081"', "hub_url", "loopback", id="own loopback"
        ),
        pytest.param('"https://lab.example.org"', '"lab"', "hub_url", "URL", id="no URL"),
        pytest.param('maxima = "', 'Maxima = "', "images.Maxima", "form", id="an image's word in capitals"),
        pytest.param(
            "capacity = 40",
            'capacity = 40\nhub_machine = "hub"',
            "hub_machine",
            "IPv4",
            id="a hub's machine by name",
        ),
        pytest.param(
            "capacity = 40",
            'capacity = 40\nhub_machine = "127.0.0.1"',
            "hub_machine",
            "own machine",
            id="a hub's machine that is this one",
        ),
        pytest.param("memory_mb = 512", "memory_mb = 64", "limits.memory_mb", "128", id="too little memory"),
        pytest.param("cpus = 0.5", "cpus = 0", "limits.cpus", "above 0", id="no processor"),
        pytest.param("cpus = 0.5", "cpus = true", "limits.cpus", "above 0", id="a processor that is a truth"),
        pytest.param("cpus = 0.5", "cores = 1", "limits", "cpus", id="an unknown limit"),
        pytest.param('"/srv/public"', '"srv"', "materials", "full path", id="a folder of this machine"),
        pytest.param('"/srv/public"', '"/srv/../etc"', "materials", "full path", id="a folder upwards"),
        pytest.param(
            "capacity = 40", 'capacity = 40\nhomes = "h"', "homes", "remove it", id="homes as a folder"
        ),
        pytest.param('tier = "public"', 'tier = "private"', "internet", "no way out", id="a private way out"),
    ],
)
def test_a_wrong_engine_names_field_and_remedy(path, old, new, field, remedy):
    assert PUBLIC.count(old) >= 1
    path.write_text(PUBLIC.replace(old, new, 1))
    with pytest.raises(BackendsError) as told:
        read_backends(path)
    assert f"`backend[0].{field}`" in str(told.value)
    assert remedy in str(told.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            PRIVATE + PRIVATE.replace("campus", "other"), "share an engine", id="two networks in one place"
        ),
        pytest.param(
            PRIVATE
            + '[[backend]]\nname="l"\ntier="public"\nkind="local"\ncapacity=1\nmaterials="m"\nhomes="h"\n',
            "one kind",
            id="processes beside containers",
        ),
        pytest.param(
            PRIVATE
            + PRIVATE.replace("campus", "other").replace('"private"', '"public"').replace("28.2", "28.3"),
            "share a folder",
            id="two tiers on one store",
        ),
    ],
)
def test_engines_that_do_not_go_together_are_refused(path, text, told):
    path.write_text(text)
    with pytest.raises(BackendsError, match=told):
        read_backends(path)


def test_the_same_path_on_two_machines_is_no_shared_folder(path):
    path.write_text(PRIVATE + PUBLIC.replace("/srv/public", "/srv/private"))
    assert len(read_backends(path)) == 2


@pytest.mark.parametrize(
    ("text", "spawner"),
    [
        pytest.param(PRIVATE + PUBLIC, TieredDockerSpawner, id="containers"),
        pytest.param(
            '[[backend]]\nname="l"\ntier="public"\nkind="local"\ncapacity=1\nmaterials="m"\nhomes="h"\n',
            TieredLocalSpawner,
            id="processes",
        ),
    ],
)
def test_the_file_of_backends_says_what_servers_are(path, text, spawner):
    path.write_text(text)
    assert spawner_for(path) is spawner
