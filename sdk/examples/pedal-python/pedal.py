#!/usr/bin/python3
"""The foot switch of ../pedal-cpp in Python, with nothing of dKVM but its schema.

Needs python3-flatbuffers, and the modules that flatc makes of sdk/schema (or
PREFIX/share/dkvm/python) in PYTHONPATH. The protocol is docs/protocol.md.
"""

import json
import os
import select
import struct
import sys
import time

import flatbuffers
from dkvm.wire.Direction import Direction
from dkvm.wire.FrameKind import FrameKind
from dkvm.wire.Hello import HelloT
from dkvm.wire.Key import KeyT
from dkvm.wire.PortSpec import PortSpecT
from dkvm.wire.Topic import Topic
from dkvm.wire.Welcome import Welcome

PROTOCOL = 1
PORT = 1
PEDALS = (183, 184, 185)  # KEY_F13, KEY_F14, KEY_F15
EXIT_REFUSED = 125
MANIFEST = {
    "dkvm": 1,
    "type": "acme-pedal-python",
    "version": "0.1.0",
    "summary": "A foot switch with three pedals, in Python",
    "ports": [{"id": PORT, "name": "keyboard", "direction": "source", "topics": ["key"],
               "help": "keys as they are pressed"}],
    "config": [{"name": "path", "type": "path", "required": True, "help": "its port"}],
    "runtime_ports": False,
    "fds": False,
    "cleanup": False,
}

# FrameHeader: magic, version, kind, flags, buffers, hops, port, topic, -,
# payload size, -, sequence, capture time, origin (kernel, device, -,
# incarnation, sequence).
HEADER = struct.Struct("<IBBHBBHHHIIQQQHHIQ")
MAGIC = 0x4D564B64


class Stream:
    """Frames over the socket that is this program's stdin and stdout."""

    def __init__(self):
        self.fd = os.dup(0)
        os.dup2(2, 1)  # a stray print lands in the log
        self.received = b""

    def send(self, kind, payload=b"", port=0, topic=0, sequence=0):
        header = HEADER.pack(MAGIC, 1, kind, 0, 0, 0, port, topic, 0, len(payload), 0, sequence,
                             time.monotonic_ns(), 0, 0, 0, 0, 0)
        frame = header + payload + bytes(-len(payload) % 8)
        while frame:
            frame = frame[os.write(self.fd, frame):]

    def receive(self):
        """What has come, as (kind, sequence, payload); None at the end of the stream."""
        data = os.read(self.fd, 65536)
        if not data:
            return None
        self.received += data
        frames = []
        while len(self.received) >= HEADER.size:
            fields = HEADER.unpack_from(self.received)
            if fields[0] != MAGIC:
                sys.exit("<3>the stream is no frame")
            begin = HEADER.size + 32 * (fields[4] + fields[5])
            end = begin + fields[9]
            total = end + -end % 8
            if len(self.received) < total:
                break
            frames.append((fields[2], fields[11], self.received[begin:end]))
            self.received = self.received[total:]
        return frames


def table(value):
    builder = flatbuffers.Builder(256)
    builder.Finish(value.Pack(builder))
    return bytes(builder.Output())


def hello():
    port = PortSpecT()
    port.id, port.name, port.direction, port.topics = PORT, "keyboard", Direction.source, ["key"]
    message = HelloT()
    message.protocolMin = message.protocolMax = PROTOCOL
    message.type, message.version = MANIFEST["type"], MANIFEST["version"]
    message.ports = [port]
    return table(message)


def key(code, down):
    event = KeyT()
    event.code, event.down = code, down
    return table(event)


def run(path):
    stream = Stream()
    stream.send(FrameKind.hello, hello())
    pedals, down, sequence, sources = None, 0, 0, [stream.fd]
    while True:
        ready = select.select(sources, [], [])[0]
        frames = stream.receive() if stream.fd in ready else []
        if frames is None:
            return 0  # the kernel is gone
        for kind, number, payload in frames:
            if kind == FrameKind.welcome:
                if Welcome.GetRootAs(payload, 0).Protocol() != PROTOCOL:
                    return EXIT_REFUSED
                pedals = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                sources.append(pedals)
            elif kind == FrameKind.ping:
                stream.send(FrameKind.pong, sequence=number)
            elif kind == FrameKind.stop:
                stream.send(FrameKind.stopped)
                return 0
        if pedals in ready:
            for mask in os.read(pedals, 64) or sys.exit("<3>the pedals are gone"):
                for i, code in enumerate(PEDALS):
                    if (mask ^ down) >> i & 1:
                        sequence += 1
                        stream.send(FrameKind.event, key(code, bool(mask >> i & 1)), PORT,
                                    Topic.key, sequence)
                down = mask


if __name__ == "__main__":
    if sys.argv[-1] == "--describe":  # behind arguments of its own, if any
        print(json.dumps(MANIFEST, indent=2))
    elif "DKVM_CONFIG_PATH" not in os.environ:
        print("<3>config key 'path' is required", file=sys.stderr)
        sys.exit(EXIT_REFUSED)
    else:
        try:
            sys.exit(run(os.environ["DKVM_CONFIG_PATH"]))
        except ConnectionError:
            sys.exit(0)  # the kernel is gone
        except OSError as error:  # named where a file was opened
            sys.exit(f"<3>cannot start: opening '{error.filename}': {error.strerror}"
                     if error.filename else "<3>the pedals are gone")
