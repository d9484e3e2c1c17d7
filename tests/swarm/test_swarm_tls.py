"""A manager that is reached by TLS, as the public Swarm's is: who has our certificate is obeyed, and nobody else."""

from __future__ import annotations

import pytest
from bed.certificates import Authority
from jupyterhub.spawner import SpawnException
from maximalab_spawner.tiers import Tier

pytestmark = pytest.mark.bed


def by_tls(lab, tier: Tier, ca, files) -> None:
    """Let the lab reach a tier's manager by TLS alone, with these files."""
    cert, key = files
    lab.urls[tier] = lab.swarms.by_tls[tier]
    plain = lab.more.get(tier, "").partition("tls_ca")[0]
    lab.more[tier] = f'{plain}tls_ca = "{ca}"\ntls_cert = "{cert}"\ntls_key = "{key}"\n'
    lab.write()


@pytest.fixture
def ours(lab) -> Authority:
    """The authority that the managers know."""
    return lab.swarms.authority


@pytest.mark.parametrize("tier", Tier)
async def test_a_server_starts_is_found_again_and_ends_at_a_manager_by_tls(lab, ours, tier, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    by_tls(lab, tier, ours.ca, ours.issue("hub"))
    spawner = lab.spawner(tier)
    await spawner.start()
    assert await spawner.poll() is None
    after = lab.again(spawner)
    assert await after.poll() is None
    await after.stop()
    assert lab.kinds() == ["server_start", "server_stop"]
    assert lab.services(tier) == []


@pytest.fixture
def rows(lab, ours, tmp_path):
    """What does not fit, by what is wrong with it."""
    theirs = Authority(tmp_path / "theirs")
    return {
        "another authority's": (ours.ca, theirs.issue("hub")),
        "out of date": (ours.ca, ours.issue("late", days=-0.01)),
        "the manager is not believed": (theirs.ca, ours.issue("hub")),
    }


@pytest.mark.parametrize("wrong", ["another authority's", "out of date", "the manager is not believed"])
async def test_without_our_certificate_nothing_starts_and_nothing_counts_as_ended(lab, ours, rows, wrong):
    by_tls(lab, Tier.PUBLIC, ours.ca, ours.issue("hub"))
    spawner = lab.spawner()
    await spawner.start()
    by_tls(lab, Tier.PUBLIC, *rows[wrong])
    assert await spawner.poll() is None, "it is held: nobody knows whether it runs"
    with pytest.raises(SpawnException) as refused:
        await lab.spawner(user="eve").start()
    assert refused.value.reason == "tier_unavailable"
    assert len(lab.services()) == 1
    assert "172." not in refused.value.jupyterhub_message
    by_tls(lab, Tier.PUBLIC, ours.ca, ours.issue("hub"))
    assert await spawner.poll() is None
    assert lab.kinds() == ["server_start", "spawn_refused"]
