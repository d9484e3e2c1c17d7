"""The doctor asks real managers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from maximalab_hub.doctor.engines import engines
from maximalab_hub.doctor.finding import Verdict
from maximalab_spawner.tiers import Tier

pytestmark = pytest.mark.bed


def findings(lab) -> dict[str, str]:
    """What the doctor tells, with the remedy."""
    backends = SimpleNamespace(file=lab.folder / "backends.toml")
    found = list(engines(SimpleNamespace(backends=backends)))
    assert all(one.remedy for one in found if one.verdict is Verdict.WRONG)
    assert not any("172.28." in one.detail for one in found)
    return {one.detail: one.remedy for one in found}


def test_the_doctor_tells_of_nodes_and_engines_and_of_what_no_swarm_does(lab):
    lab.swarms.update("pub2", "--availability=drain")
    lab.swarms.update("prv1", "--label-rm", "tier")
    told = findings(lab)
    assert (
        told["public-swarm: the node pub2 takes no servers"]
        == "docker node update --availability active pub2"
    )
    assert "--label-add tier=private" in told["private-swarm: no node has the backend's labels"]
    never = next(one for one in told if "no Swarm" not in one and "services in a Swarm" in one)
    assert told[never] == ""


def test_the_doctor_tells_of_an_engine_that_is_no_manager_and_of_an_overlay_that_is_not_as_written(lab):
    lab.urls[Tier.PUBLIC] = lab.swarms.nodes["pub2"].url
    lab.more[Tier.PUBLIC] = ""
    lab.write()
    text = (lab.folder / "backends.toml").read_text().replace("172.22.2.0/24", "172.22.3.0/24")
    (lab.folder / "backends.toml").write_text(text)
    told = findings(lab)
    assert "public-swarm: this engine is a worker of its Swarm" in told
    assert "docker network rm" in told["private-swarm: network maximalab-private-swarm: subnet"]
