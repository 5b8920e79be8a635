"""Reads the golden frames of docs/protocol.md as a device in Python would: the
hex blocks, decoded with what flatc makes of sdk/schema, must say what the JSON
blocks of the same names say.

usage: golden_test.py PAGE FOLDER_OF_THE_GENERATED_MODULES
"""
import importlib
import json
import re
import sys
import unittest

HEADER_BYTES, BUFFER_REF_BYTES, HOP_STAMP_BYTES = 64, 32, 32

# The payload's table by kind, or by topic for events and upstream messages.
TABLES = {
    'hello': 'Hello', 'welcome': 'Welcome', 'topics': 'Topics', 'request': 'Request',
    'response': 'Response', 'pool_open': 'PoolOpen', 'pool_mapped': 'PoolId',
    'pool_close': 'PoolId', 'pool_closed': 'PoolId', 'port_open': 'PortOpen', 'stop': 'Stop',
}


def wire(name):
    return getattr(importlib.import_module('dkvm.wire.' + name), name)


def snake(camel):
    return re.sub(r'(?<!^)(?=[A-Z])', '_', camel).lower().rstrip('_')


def names_of(enum):
    return {value: name for name, value in vars(wire(enum)).items() if isinstance(value, int)}


def plain(value):
    """A value as JSON has it; a table or struct without its empty fields."""
    if isinstance(value, bytes):
        return value.decode()
    return fields_of(value) if hasattr(value, '_tab') else value


def fields_of(table):
    fields = {}
    methods = [name for name in vars(type(table)) if re.fullmatch(r'[A-Z]\w*', name)]
    for name in methods:
        if name in ('Init', 'SizeOf') or re.search(r'^GetRootAs|AsNumpy$|IsNone$|.Length$', name):
            continue
        read = getattr(table, name)
        if name + 'Length' in methods:
            value = [plain(read(i)) for i in range(getattr(table, name + 'Length')())]
        else:
            value = plain(read())
        if value:
            fields[snake(name)] = value
    return fields


def struct_at(name, data, offset):
    struct = wire(name)()
    struct.Init(data, offset)
    return fields_of(struct)


def decode(data):
    """One frame, as the JSON blocks show it."""
    header = wire('FrameHeader')()
    header.Init(data, 0)
    frame = fields_of(header)
    frame.pop('magic')
    frame.pop('version')
    buffers, hops = frame.pop('buffer_count', 0), frame.pop('hop_count', 0)
    size = frame.pop('payload_size', 0)
    frame['kind'] = names_of('FrameKind')[header.Kind()]
    if header.Topic() in names_of('Topic') and header.Topic() not in (0, 1024):
        frame['topic'] = names_of('Topic')[header.Topic()]

    at = HEADER_BYTES
    if buffers:
        frame['buffers'] = [struct_at('BufferRef', data, at + i * BUFFER_REF_BYTES)
                            for i in range(buffers)]
    at += buffers * BUFFER_REF_BYTES
    if hops:
        frame['hops'] = [struct_at('HopStamp', data, at + i * HOP_STAMP_BYTES)
                         for i in range(hops)]
    at += hops * HOP_STAMP_BYTES
    if size:
        table = table_of(frame)
        frame[table] = fields_of(wire(table).GetRootAs(data[at:at + size], 0))
    assert len(data) == (at + size + 7) // 8 * 8, 'the frame has another length than its header says'
    assert not any(data[at + size:]), 'the padding is not zero'
    return frame


def table_of(frame):
    if frame['kind'] not in ('event', 'upstream'):
        return TABLES[frame['kind']]
    topic = frame['topic']
    return 'Custom' if isinstance(topic, int) else topic.title().replace('_', '')


def encode_header(data):
    """The header of a frame, written again field by field."""
    import flatbuffers
    module = importlib.import_module('dkvm.wire.FrameHeader')
    header = module.FrameHeader()
    header.Init(data, 0)
    arguments = module.CreateFrameHeader.__code__
    names = arguments.co_varnames[1:arguments.co_argcount]
    builder = flatbuffers.Builder(HEADER_BYTES)
    module.CreateFrameHeader(
        builder, *(getattr(header, name[0].upper() + name[1:])() for name in names))
    return bytes(builder.Bytes[builder.Head():])


def blocks(page, language):
    found = re.findall(r'^```%s (\S+)\n(.*?)^```' % language, page, re.S | re.M)
    return dict(found)


def frames(page):
    return {name: bytes.fromhex(re.sub(r'#.*', '', text))
            for name, text in blocks(page, 'hex').items()}


class Golden(unittest.TestCase):
    def setUp(self):
        with open(PAGE, encoding='utf-8') as file:
            page = file.read()
        self.frames = frames(page)
        self.meanings = {name: json.loads(text) for name, text in blocks(page, 'json').items()
                         if name in self.frames}

    def test_there_are_frames_and_each_has_its_meaning(self):
        self.assertGreater(len(self.frames), 20)
        self.assertEqual(self.frames.keys(), self.meanings.keys())

    def test_each_frame_says_what_the_page_says(self):
        for name, data in self.frames.items():
            with self.subTest(frame=name):
                self.assertEqual(decode(data), self.meanings[name])

    def test_each_header_is_written_the_same(self):
        for name, data in self.frames.items():
            with self.subTest(frame=name):
                self.assertEqual(encode_header(data), data[:HEADER_BYTES])


if __name__ == '__main__':
    PAGE = sys.argv.pop(1)
    sys.path.insert(0, sys.argv.pop(1))
    unittest.main()
