"""Messages: what is encoded decodes, and what is forged does not."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.jsonutil import parse_date
from jupyter_client.session import Session
from maximalab_kernel.signing import Signer
from maximalab_kernel.wire import BadMessageError, Message, Wire, timestamp

JSON = st.dictionaries(
    st.text(max_size=5), st.one_of(st.text(max_size=8), st.integers(), st.none(), st.booleans()), max_size=4
)
KEY = b"0123456789abcdef"


@given(
    JSON,
    JSON,
    st.lists(st.binary(min_size=1, max_size=4).filter(lambda part: part != b"<IDS|MSG>"), max_size=3),
)
def test_a_message_survives_the_wire(content, metadata, identities):
    wire = Wire(KEY)
    sent = Message(wire.header("test_request"), content, {"msg_id": "p"}, metadata, tuple(identities))
    assert wire.decode(wire.encode(sent)) == sent


@given(st.integers(0, 5), st.binary(min_size=1, max_size=3))
def test_a_changed_message_is_refused(part, junk):
    wire = Wire(KEY)
    frames = wire.encode(Message(wire.header("test_request"), {"code": "1;"}))
    frames[part] += junk
    with pytest.raises(BadMessageError):
        wire.decode(frames)


@given(st.lists(st.binary(max_size=12), max_size=7))
def test_junk_is_refused_and_nothing_else_happens(frames):
    with pytest.raises(BadMessageError):
        Wire(KEY).decode(frames)


def test_jupyter_reads_what_we_write_and_we_read_what_jupyter_writes():
    wire, session = Wire(KEY), Session(key=KEY)
    frames = wire.encode(
        Message(wire.header("execute_reply"), {"status": "ok", "text": "Ї"}, identities=(b"me",))
    )
    _, rest = session.feed_identities(frames)
    assert session.deserialize(rest)["content"] == {"status": "ok", "text": "Ї"}
    theirs = session.serialize(session.msg("execute_request", {"code": "1;"}))
    assert wire.decode(theirs).content == {"code": "1;"}


@given(
    st.binary(min_size=1, max_size=300),
    st.lists(st.binary(max_size=200), max_size=4),
    st.sampled_from(["sha256", "sha512", "md5"]),
)
def test_signatures_are_those_of_the_standard_library(key, parts, name):
    assert (
        Signer(key, f"hmac-{name}").sign(parts) == hmac.new(key, b"".join(parts), name).hexdigest().encode()
    )


@given(st.floats(0, 4e9))
def test_a_header_tells_its_moment_as_jupyter_reads_it(seconds):
    assert abs(parse_date(timestamp(seconds)).timestamp() - seconds) < 0.001


@pytest.mark.parametrize("scheme", ["sha256", "hmac-nothing", "none-sha256"])
def test_an_unknown_signature_scheme_is_named(scheme):
    with pytest.raises(ValueError, match="signature_scheme"):
        Wire(KEY, scheme)
