#!/usr/bin/python3
"""A screen's last picture as a PPM file, with nothing of dKVM but its schema.

Maps the pools of whoever sends the frames, read-only; no pixel crosses the
stream. Needs python3-flatbuffers, and the modules that flatc makes of sdk/schema
(or PREFIX/share/dkvm/python) in PYTHONPATH. The protocol is docs/protocol.md.
"""

import json
import mmap
import os
import socket
import struct
import sys

import flatbuffers
from dkvm.wire.Direction import Direction
from dkvm.wire.DisplayFrame import DisplayFrame, DisplayFrameT
from dkvm.wire.FrameKind import FrameKind
from dkvm.wire.Hello import HelloT
from dkvm.wire.PoolId import PoolId
from dkvm.wire.PoolOpen import PoolOpen
from dkvm.wire.PortSpec import PortSpecT
from dkvm.wire.Topic import Topic
from dkvm.wire.Welcome import Welcome

PROTOCOL = 1
PORT = 1
EXIT_REFUSED = 125
FDS_MAX = 16
BUFFER_BYTES = 32
XR24, AR24 = 0x34325258, 0x34325241  # both are B, G, R and one more byte
MANIFEST = {
    "dkvm": 1,
    "type": "acme-viewer-python",
    "version": "0.1.0",
    "summary": "A screen's last picture as a PPM file, in Python",
    "ports": [{"id": PORT, "name": "screen", "direction": "sink", "topics": ["display_frame"],
               "help": "frames in XR24 or AR24"}],
    "config": [{"name": "file", "type": "path", "required": True, "help": "the picture"}],
    "runtime_ports": False,
    "fds": True,
    "cleanup": False,
}

# FrameHeader: magic, version, kind, flags, buffers, hops, port, topic, -,
# payload size, -, sequence, capture time, origin (kernel, device, -,
# incarnation, sequence).
HEADER = struct.Struct("<IBBHBBHHHIIQQQHHIQ")
MAGIC = 0x4D564B64
BUFFER = struct.Struct("<IIIHHQQ")  # pool, slot, generation, memory, -, offset, length


class Stream:
    """Frames over the socket that is this program's stdin and stdout."""

    def __init__(self):
        self.socket = socket.socket(fileno=os.dup(0))
        os.dup2(2, 1)  # a stray print lands in the log
        self.received = b""
        self.fds = []  # they come with the first byte of their frame

    def send(self, kind, payload=b"", port=0, sequence=0, buffers=b""):
        header = HEADER.pack(MAGIC, 1, kind, 0, len(buffers) // BUFFER_BYTES, 0, port, 0, 0,
                             len(payload), 0, sequence, 0, 0, 0, 0, 0, 0)
        self.socket.sendall(header + buffers + payload + bytes(-len(payload) % 8))

    def receive(self):
        """What has come, as (kind, topic, sequence, buffers, payload); None at its end."""
        data, fds, _, _ = socket.recv_fds(self.socket, 65536, FDS_MAX)
        self.fds += fds
        if not data:
            return None
        self.received += data
        frames = []
        while len(self.received) >= HEADER.size:
            fields = HEADER.unpack_from(self.received)
            if fields[0] != MAGIC:
                sys.exit("<3>the stream is no frame")
            hops = HEADER.size + BUFFER_BYTES * fields[4]
            begin = hops + 32 * fields[5]
            end = begin + fields[9]
            total = end + -end % 8
            if len(self.received) < total:
                break
            frames.append((fields[2], fields[7], fields[11], self.received[HEADER.size:hops],
                           self.received[begin:end]))
            self.received = self.received[total:]
        return frames


class Picture:
    """The whole picture, of frames that may be only the part that has changed."""

    def __init__(self):
        self.width = self.height = 0
        self.pixels = bytearray()

    def take(self, frame, data):
        """data: the frame's pixels, where their producer wrote them."""
        x, y, width, height = 0, 0, frame.width, frame.height
        if frame.partial:
            area = frame.damage
            x, y, width, height = area.x, area.y, area.width, area.height
        if (frame.fourcc not in (XR24, AR24) or width == 0 or height == 0
                or frame.stride < 4 * width or x + width > frame.width or y + height > frame.height
                or (height - 1) * frame.stride + 4 * width > len(data)):
            print("<4>a frame is not what it says, or not in XR24 or AR24", file=sys.stderr)
            return False
        if (self.width, self.height) != (frame.width, frame.height):
            if frame.partial:
                return False  # of a picture that never came
            self.width, self.height = frame.width, frame.height
            self.pixels = bytearray(3 * self.width * self.height)
        for row in range(height):
            source = data[row * frame.stride:row * frame.stride + 4 * width]
            begin = 3 * ((y + row) * self.width + x)
            for part in range(3):  # B, G, R become R, G, B
                self.pixels[begin + part:begin + 3 * width:3] = source[2 - part::4]
        return True

    def write(self, path):
        with open(path + ".new", "wb") as file:
            file.write(b"P6\n%d %d\n255\n" % (self.width, self.height))
            file.write(self.pixels)
        os.replace(path + ".new", path)  # whoever looks sees a whole one


def table(value):
    builder = flatbuffers.Builder(256)
    builder.Finish(value.Pack(builder))
    return bytes(builder.Output())


def hello():
    port = PortSpecT()
    port.id, port.name, port.direction = PORT, "screen", Direction.sink
    port.topics = ["display_frame"]
    message = HelloT()
    message.protocolMin = message.protocolMax = PROTOCOL
    message.type, message.version = MANIFEST["type"], MANIFEST["version"]
    message.ports, message.fds = [port], True
    return table(message)


def map_pool(stream, payload, pools):
    pool = PoolOpen.GetRootAs(payload, 0)
    fd = stream.fds.pop(0)
    pools[pool.Pool()] = mmap.mmap(fd, pool.Bytes(), prot=mmap.PROT_READ)
    os.close(fd)


def show(picture, path, pools, buffers, payload):
    pool, _, _, _, _, offset, length = BUFFER.unpack_from(buffers)
    with memoryview(pools[pool]) as memory, memory[offset:offset + length] as data:
        frame = DisplayFrameT.InitFromObj(DisplayFrame.GetRootAs(payload, 0))
        if picture.take(frame, data):
            picture.write(path)


def close_pool(stream, payload, pools):
    pool = PoolId.GetRootAs(payload, 0).Pool()
    if pool in pools:
        pools.pop(pool).close()
    stream.send(FrameKind.pool_closed, payload)


def run(path):
    stream, pools, picture = Stream(), {}, Picture()
    stream.send(FrameKind.hello, hello())
    while (frames := stream.receive()) is not None:
        for kind, topic, number, buffers, payload in frames:
            if kind == FrameKind.welcome:
                if Welcome.GetRootAs(payload, 0).Protocol() != PROTOCOL:
                    return EXIT_REFUSED
            elif kind == FrameKind.pool_open:
                map_pool(stream, payload, pools)
            elif kind == FrameKind.event and topic == Topic.display_frame:
                if buffers:
                    show(picture, path, pools, buffers, payload)
                    stream.send(FrameKind.release, port=PORT, buffers=buffers)
                stream.send(FrameKind.applied, port=PORT, sequence=number)
            elif kind == FrameKind.pool_close:
                close_pool(stream, payload, pools)
            elif kind == FrameKind.ping:
                stream.send(FrameKind.pong, sequence=number)
            elif kind == FrameKind.stop:
                stream.send(FrameKind.stopped)
                return 0
    return 0  # the kernel is gone


if __name__ == "__main__":
    if sys.argv[-1] == "--describe":  # behind arguments of its own, if any
        print(json.dumps(MANIFEST, indent=2))
    elif "DKVM_CONFIG_FILE" not in os.environ:
        print("<3>config key 'file' is required", file=sys.stderr)
        sys.exit(EXIT_REFUSED)
    else:
        try:
            sys.exit(run(os.environ["DKVM_CONFIG_FILE"]))
        except ConnectionError:
            sys.exit(0)  # the kernel is gone
        except OSError as error:  # named where a file was written
            sys.exit(f"<3>writing '{error.filename}': {error.strerror}"
                     if error.filename else f"<3>{error.strerror}")
