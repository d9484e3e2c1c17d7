"""What somebody who took over the hub of a lab in containers may try at the door before the engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from composelab import ComposeLab


def asked_of_the_engine(lab: ComposeLab) -> list[tuple[str, str, str | None, bool]]:
    """Give method, path, body, and whether it is let through."""
    name, api = lab.name, "/v1.41"
    server = lab.inspect(f"{name}.public-maxima.ada")
    host = {
        "CapDrop": ["ALL"], "Privileged": False, "SecurityOpt": ["no-new-privileges:true"], "ReadonlyRootfs": True,
        "PidsLimit": 64, "IpcMode": "private", "NetworkMode": f"maximalab-{name}-public",
        "Mounts": [{"Type": "volume", "Source": f"{name}.home.public.ada", "Target": "/home/student"}],
    }  # fmt: skip
    body = {"Image": server["Image"], "User": "1000:1000", "Cmd": ["true"], "HostConfig": host}
    create = f"{api}/containers/create?name={name}.test"

    def changed(**parts: object) -> str:
        return json.dumps({**body, "HostConfig": {**host, **parts}})

    good = json.dumps(body)
    refused = {
        "privileged": changed(Privileged=True),
        "a folder of the machine": changed(Binds=["/:/mnt"]),
        "a folder as a mount": changed(Mounts=[{"Type": "bind", "Source": "/", "Target": "/mnt"}]),
        "somebody else's volume": changed(
            Mounts=[{"Type": "volume", "Source": f"{name}_engine", "Target": "/mnt"}]
        ),
        "a capability": changed(CapAdd=["SYS_ADMIN"]),
        "the machine's network": changed(NetworkMode="host"),
        "another network": changed(NetworkMode=f"{name}_data"),
        "the machine's processes": changed(PidMode="host"),
        "a device": changed(Devices=[{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda"}]),
        "unconfined": changed(SecurityOpt=["seccomp=unconfined"]),
        "root": good.replace("1000:1000", "0:0"),
        "the same word twice": good[:-1] + ', "hostconfig": {"Privileged": true}}',
        "twice, with other letters between": good[:-1] + ',\n"HOSTCONFIG" : {"CapDrop": []}}',
        "a letter as a number": good.replace('"Privileged": false', '"Privile\\u0067ed": true'),
        "a letter that folds": good.replace('"Cmd"', '"Bindſ": ["/:/mnt"], "Cmd"'),
        "no limit": good.replace('"PidsLimit": 64', '"PidsLimit": 0'),
        **_at_other_places(body),
    }
    device = {
        "Name": f"{name}.x.y",
        "Driver": "local",
        "DriverOpts": {"type": "none", "o": "bind", "device": "/"},
    }
    store = {
        **device,
        "DriverOpts": {"type": "none", "o": "bind,ro", "device": f"{lab.folder}/materials/public"},
    }
    # This driver looks at the folders in "o", and at the device not at all.
    layers = {**store["DriverOpts"], "type": "overlay", "o": "lowerdir=/etc:/root"}
    mine = server["Id"]
    return [
        ("GET", f"{api}/info", None, True),
        ("GET", f"{api}/containers/{mine}/json", None, True),
        ("GET", f"{api}/containers/{name}.public-maxima.ada/stats?stream=False&one-shot=True", None, True),
        ("GET", f"{api}/containers/{name}-db-1/stats?stream=False&one-shot=True", None, False),
        ("POST", create, good, True),
        ("DELETE", f"{api}/containers/{name}.test", None, True),
        ("POST", f"{api}/volumes/create", json.dumps(store), True),
        ("DELETE", f"{api}/volumes/{name}.x.y", None, False),
        *(("POST", create, wrong, False) for wrong in refused.values()),
        ("POST", f"{api}/containers/create?name=other", good, False),
        ("POST", f"{api}/containers/create", good, False),
        ("POST", f"{api}/containers/create?name=", good, False),
        ("POST", f"{api}/volumes/create", json.dumps(device), False),
        ("POST", f"{api}/volumes/create", json.dumps({**store, "DriverOpts": layers}), False),
        ("POST", f"{api}/volumes/create", json.dumps({**store, "drivEropts": device["DriverOpts"]}), False),
        ("GET", f"{api}/containers/json", None, False),
        ("GET", f"{api}/containers/{name}-db-1/json", None, False),
        ("POST", f"{api}/containers/{mine}/exec", '{"Cmd": ["id"]}', False),
        ("PUT", f"{api}/containers/{mine}/archive?path=/tmp", None, False),
        ("PUT", f"{api}/containers/{name}-db-1/archive?path=/srv/spool", None, False),
        ("GET", f"{api}/containers/{name}-db-1/logs?stdout=1", None, False),
        ("POST", f"{api}/containers/{mine}/update", "{}", False),
        ("POST", f"{api}/images/create?fromImage=x", None, False),
        ("POST", f"{api}/build", "", False),
        ("POST", f"{api}/networks/create", '{"Name": "x"}', False),
        ("GET", f"{api}/secrets", None, False),
        ("GET", f"{api}/containers/{name}.x%2f..%2f{name}-db-1/json", None, False),
    ]


def _at_other_places(body: dict[str, Any]) -> dict[str, str]:
    """Say each word of the hardening where the engine does not look: it passes over words that it does not know."""
    told = {}
    for word in ("CapDrop", "SecurityOpt", "ReadonlyRootfs", "PidsLimit", "IpcMode", "NetworkMode"):
        less = {key: value for key, value in body["HostConfig"].items() if key != word}
        said = {word: body["HostConfig"][word]}
        for where, one in {
            "beside": {**body, **said, "HostConfig": less},
            "before": {"Other": said, **body, "HostConfig": less},
            "behind": {**body, "HostConfig": less, "Other": said},
            "deeper": {**body, "HostConfig": {**less, "Other": said}},
            "with dots": {f"HostConfig.{word}": said[word], **body, "HostConfig": less},
        }.items():
            told[f"{word} {where}"] = json.dumps(one)
    nobody = {key: value for key, value in body.items() if key != "User"}
    told["the person as a label"] = json.dumps({**nobody, "Labels": {"User": body["User"]}})
    everything = {**body["HostConfig"], "User": body["User"]}
    told["all of it under another word"] = json.dumps({**nobody, "Other": everything, "HostConfig": {}})
    return told
