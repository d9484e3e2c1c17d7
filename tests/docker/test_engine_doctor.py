"""The doctor asks real engines, and a report tells of real seats."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from maximalab_hub.doctor.engines import engines
from maximalab_hub.doctor.finding import Verdict
from maximalab_spawner.tiers import Tier

pytestmark = pytest.mark.docker


def findings(lab):
    backends = SimpleNamespace(file=lab.folder / "backends.toml")
    return list(engines(SimpleNamespace(backends=backends)))


def test_each_finding_names_the_backend_and_what_is_wrong_has_a_remedy(lab):
    lab.images["lost"] = "maximalab-no-such-image"
    lab.urls[Tier.PRIVATE] = "tcp://127.0.0.1:1"
    lab.write()
    found = findings(lab)
    assert all(one.detail.startswith((lab.backend(Tier.PUBLIC), lab.backend(Tier.PRIVATE))) for one in found)
    assert all(one.remedy for one in found if one.verdict is Verdict.WRONG)
    details = "\n".join(one.detail for one in found)
    assert "no image maximalab-no-such-image" in details
    assert f"{lab.backend(Tier.PRIVATE)}: {lab.backend(Tier.PRIVATE)}: " in details
    assert "127.0.0.1" not in details


def test_a_wrong_file_is_a_finding_with_the_field_in_it(lab):
    lab.more[Tier.PUBLIC] = "internet = 3\n"
    lab.write()
    (found,) = findings(lab)
    assert found.verdict is Verdict.WRONG
    assert "internet" in found.detail
