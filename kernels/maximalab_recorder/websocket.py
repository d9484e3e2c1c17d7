"""The browser's socket to a kernel, listened to: which cell a run is of, and what the kernel replied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from maximalab_recorder.broadcasts import asked_of_kernel, read_json, replied_to
from maximalab_recorder.signals import Requested, SocketClosed

if TYPE_CHECKING:
    from maximalab_recorder.recorder import Recorder
    from maximalab_recorder.signals import Signal

V1 = "v1.kernel.websocket.jupyter.org"


class RecordingWebsocketConnection(ZMQChannelsWebsocketConnection):
    """Passes everything on as Jupyter does; tells the recorder of requests, replies and the socket's end."""

    @property
    def recorder(self) -> Recorder | None:
        """Give the recorder that the manager of kernels was given."""
        return getattr(self.multi_kernel_manager, "recorder", None)

    def handle_incoming_message(self, incoming_msg: Any) -> None:  # noqa: ANN401  (text or bytes)
        """Note a request for a run before the kernel can have heard of it, then pass it on."""
        recorder = self.recorder
        if recorder is not None and self.channels:
            with recorder.around("read a browser's request"):
                self._note(self._request(incoming_msg, recorder))
        super().handle_incoming_message(incoming_msg)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:  # noqa: ANN401
        """Note the reply to a run, then pass it on."""
        recorder = self.recorder
        if recorder is not None and _channel(stream) == "shell":
            with recorder.around("read a kernel's reply"):
                _, (_, header, parent, _, content, *_) = self.session.feed_identities(outgoing_msg)
                kind = read_json(header)
                if kind.get("msg_type") == "execute_reply":
                    self._note(replied_to(kind, read_json(parent), read_json(content)))
        super().handle_outgoing_message(stream, outgoing_msg)

    def disconnect(self) -> None:  # type: ignore[override]  # as Jupyter has it
        """Close, and let runs that this socket asked for end without its word."""
        super().disconnect()  # type: ignore[no-untyped-call]
        self._note(SocketClosed(self._name))

    @property
    def _name(self) -> str:
        return f"{id(self):x}"

    def _note(self, signal: Signal | None) -> None:
        recorder = self.recorder
        if recorder is not None and signal is not None:
            recorder.hear(str(self.kernel_id), signal)

    def _request(self, incoming: Any, recorder: Recorder) -> Requested | None:  # noqa: ANN401
        channel, header, metadata, content = self._opened(incoming)
        if channel not in ("shell", None) or header.get("msg_type") != "execute_request":
            return None
        asked = asked_of_kernel(header, _read(metadata), _read(content), self._name)
        notebook = recorder.notebook_of(str(self.kernel_id))
        return asked and Requested(asked.msg_id, asked.socket, asked.cell_id, notebook, asked.silent)

    def _opened(self, incoming: Any) -> tuple[str | None, dict[str, Any], Any, Any]:  # noqa: ANN401
        """Take a message of either wire format apart: channel, header, and what is read only when needed."""
        if self.subprotocol == V1:
            channel, parts = deserialize_msg_from_ws_v1(incoming)  # type: ignore[no-untyped-call]
            return channel, dict(read_json(parts[0])), parts[2], parts[3]
        read = deserialize_binary_message if isinstance(incoming, bytes) else json.loads
        message = read(incoming)
        return (
            message.get("channel"),
            message["header"],
            message.get("metadata", {}),
            message.get("content", {}),
        )


def _read(part: Any) -> Any:  # noqa: ANN401
    return read_json(part) if isinstance(part, (bytes, memoryview)) else part


def _channel(stream: Any) -> str | None:  # noqa: ANN401  (a channel's name, or its stream)
    return stream if isinstance(stream, str) else getattr(stream, "channel", None)
