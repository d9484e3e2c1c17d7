"""What somebody who took over the hub may ask a Swarm's manager for, and whether the lab's door lets it through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from maximalab_spawner.seen import USER
from maximalab_spawner.tiers import Tier

if TYPE_CHECKING:
    from swarmstack import StackLab


def _without(word: str, parts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parts.items() if key != word}


def asked_of_the_manager(lab: StackLab) -> list[tuple[str, str, str | None, bool]]:
    """What somebody who took over the hub may try: method, path, body, and whether it is let through."""
    name, api = lab.name, "/v1.41"
    (server,) = (one for one in lab.servers(Tier.PRIVATE) if one["Spec"]["Labels"][USER] == "ada")
    spec = server["Spec"]
    task = spec["TaskTemplate"]
    template = {
        "ContainerSpec": {
            "Image": task["ContainerSpec"]["Image"], "User": "1000:1000", "ReadOnly": True, "CapabilityDrop": ["ALL"],
            "Privileges": {"NoNewPrivileges": True, "Seccomp": {"Mode": "default"}},
            "Mounts": [{"Type": "volume", "Source": f"{name}.home.private.ada", "Target": "/home/student"}],
        },
        "Resources": {"Limits": {"Pids": 64}},
        "RestartPolicy": {"Condition": "none", "MaxAttempts": 0},
        "Networks": [{"Target": f"maximalab-{name}-private"}],
        "Placement": {"Constraints": ["node.labels.tier==nowhere"]},
    }  # fmt: skip
    body = {"Name": f"{name}-test", "Labels": {}, "TaskTemplate": template}
    good = json.dumps(body)
    container = template["ContainerSpec"]
    nobody = {**_without("User", container), "Labels": {"User": "1000:1000"}}

    def changed(**parts: object) -> str:
        return json.dumps({**body, "TaskTemplate": {**template, "ContainerSpec": {**container, **parts}}})

    refused = [
        changed(Mounts=[{"Type": "bind", "Source": "/", "Target": "/mnt"}]),
        changed(Mounts=[{"Type": "volume", "Source": f"{name}_engine", "Target": "/mnt"}]),
        changed(CapabilityAdd=["CAP_SYS_ADMIN"]),
        changed(Secrets=[{"SecretName": "x"}]),
        changed(Configs=[{"ConfigName": "x"}]),
        changed(CapabilityDrop=[]),
        changed(User="0:0"),
        changed(ReadOnly=False),
        good[:-1] + ', "tasktemplate": {"ContainerSpec": {"Image": "x"}}}',
        good.replace('"Mounts": [', '"Mo\\u0075nts": [{"Type": "bind"}], "Mounts": ['),
        good.replace(f"maximalab-{name}-private", f"{name}_data"),
        good.replace('"Condition": "none"', '"Condition": "any"'),
        good.replace('"Pids": 64', '"Pids": 0'),
        good.replace(f'"Name": "{name}-test"', f'"Name": "{name}_hub"'),
        good.replace(
            '"Target": "/home/student"',
            '"VolumeOptions": {"DriverConfig": {"Name": "local", "Options": {"o": "bind", "device": "/"}}}',
        ),
        # A manager passes over words that it does not know: what counts is said at another place.
        json.dumps(
            {**body, "Other": container, "TaskTemplate": {**template, "ContainerSpec": {"Image": "x"}}}
        ),
        *(
            json.dumps({**body, "Other": {word: template[word]}, "TaskTemplate": _without(word, template)})
            for word in ("Resources", "RestartPolicy", "Networks")
        ),
        json.dumps({**body, "TaskTemplate": {**template, "ContainerSpec": nobody}}),
    ]
    (stranger,) = (one for one in lab.node.client.services() if one["Spec"]["Name"] == f"{name}_db")
    return [
        ("GET", f"{api}/info", None, True),
        ("GET", f"{api}/nodes", None, True),
        ("GET", f"{api}/services/{spec['Name']}", None, True),
        ("POST", f"{api}/services/create", good, True),
        ("DELETE", f"{api}/services/{name}-test", None, True),
        ("GET", f"{api}/services/{name}_meter/logs?stdout=1&details=1&tail=1", None, True),
        ("GET", f"{api}/services/{name}_meter", None, False),
        ("GET", f"{api}/services/{spec['Name']}/logs?stdout=1", None, False),
        *(("POST", f"{api}/services/create", wrong, False) for wrong in refused),
        ("DELETE", f"{api}/services/{name}_db", None, False),
        ("DELETE", f"{api}/services/{stranger['ID']}", None, False),
        ("POST", f"{api}/services/{name}_db/update?version=1", good, False),
        ("GET", f"{api}/secrets", None, False),
        ("POST", f"{api}/secrets/create", "{}", False),
        ("GET", f"{api}/configs", None, False),
        ("GET", f"{api}/swarm", None, False),
        ("GET", f"{api}/swarm/unlockkey", None, False),
        ("POST", f"{api}/swarm/update?version=1", "{}", False),
        ("POST", f"{api}/nodes/{lab.swarms.id_of('prv1')}/update?version=1", "{}", False),
        ("GET", f"{api}/containers/json", None, False),
        ("GET", f"{api}/services/{name}_db/logs?stdout=1", None, False),
        ("POST", f"{api}/networks/create", '{"Name": "x"}', False),
    ]
