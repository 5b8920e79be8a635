#!/usr/bin/python3
"""The demo's events: makes what goes in, judges what came out. For tools/demo.

  demo_events.py make EXAMPLES FOLDER RUN   writes keys.1, keys.2 and mouse into FOLDER
  demo_events.py compare FOLDER             exit status 1 when an event is missing or wrong
  demo_events.py latencies PIPELINES.JSON   a table of what `dkvmctl pipelines --json` said
"""

import json
import pathlib
import sys

SPEED = 3  # the recordings are played this much faster
KEY_GAP_S = 0.008


def read(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write(path, events):
    lines = (json.dumps(event, ensure_ascii=False, separators=(",", ":")) for event in events)
    path.write_text("".join(line + "\n" for line in lines), "utf-8")


def faster(events):
    return [{**event, "t": round(event["t"] / SPEED, 6)} for event in events]


def typed(text, start):
    """Keys that type `text`: lower case letters, digits and spaces."""
    events = []
    for i, letter in enumerate(text):
        key = "KEY_SPACE" if letter == " " else "KEY_" + letter.upper()
        t = start + 2 * i * KEY_GAP_S
        events.append({"t": round(t, 6), "key": key, "down": True, "text": letter})
        events.append({"t": round(t + KEY_GAP_S, 6), "key": key, "down": False})
    return events


def moved(run, start):
    """The run's number as motions, so that no other run's file can pass for this one."""
    return [{"t": round(start + 0.004 * i, 6), "motion": [int(digit, 16) + 1, i + 1]}
            for i, digit in enumerate(run)]


def make(examples, folder, run):
    keys = faster(read(examples / "keys.jsonl"))
    begin = typed("begin " + run, keys[-1]["t"] + 0.05)
    write(folder / "keys.1", keys + begin)
    write(folder / "keys.2", typed("run " + run + " goes on where the recorder died", 0))
    mouse = faster(read(examples / "mouse.jsonl"))
    write(folder / "mouse", mouse + moved(run, mouse[-1]["t"] + 0.05))


def without_time(event):
    return {name: value for name, value in event.items() if name != "t"}


def first_difference(sent, came):
    """Where and how two lists of events differ, in words; None if they do not."""
    for i, (one, other) in enumerate(zip(sent, came), 1):
        if without_time(one) != without_time(other):
            return f"event {i} should be {json.dumps(one)} and is {json.dumps(other)}"
    if len(sent) > len(came):
        return f"{len(sent) - len(came)} are missing, from event {len(came) + 1} on: " \
               + json.dumps(sent[len(came)])
    if len(sent) < len(came):
        return f"{len(came) - len(sent)} are too many: " + json.dumps(came[len(sent)])
    for i, (earlier, later) in enumerate(zip(came, came[1:]), 2):
        if later["t"] < earlier["t"]:
            return f"event {i} is older than the one before it: " + json.dumps(later)
    return None


def compare(folder):
    """All events, by content and order. Of the mouse, whose devices lived, the times too."""
    keys = read(folder / "keys.1") + read(folder / "keys.2")
    wrong = False
    print(f"  {'':8}{'in':>7}{'out':>7}")
    for what, sent, out in (("keys", keys, "typed.jsonl"),
                            ("mouse", read(folder / "mouse"), "moved.jsonl")):
        came = read(folder / out)
        difference = first_difference(sent, came)
        verdict = "the same events in the same order"
        if difference is None and what == "mouse":
            if sent == came:
                verdict += ", at the same nanoseconds"
            else:
                difference = "the times are not the same"
        wrong |= difference is not None
        print(f"  {what:8}{len(sent):7}{len(came):7}  {difference or verdict}")
    return 1 if wrong else 0


def us(value):
    return f"{value:.0f} µs" if value < 1000 else f"{value / 1000:.1f} ms"


def latencies(path):
    stages = (("captured", "capture → kernel"), ("queued", "in the kernel"),
              ("applied", "kernel → applied"))
    rows = [("p50 / p99",) + tuple(title for _, title in stages)]
    for pipeline in json.loads(path.read_text("utf-8"))["pipelines"]:
        for edge in pipeline["edges"]:
            name = " → ".join(edge[end].split("/")[0] for end in ("from", "to"))
            cells = (edge["latency"][stage] for stage, _ in stages)
            rows.append((name,) + tuple(f"{us(c['p50_us'])} / {us(c['p99_us'])}" for c in cells))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join([f"{row[0]:{widths[0]}}"] + cells))
    return 0


def main(command, *arguments):
    paths = [pathlib.Path(argument) for argument in arguments]
    if command == "make":
        return make(paths[0], paths[1], arguments[2])
    return {"compare": compare, "latencies": latencies}[command](paths[0])


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale is
    sys.exit(main(*sys.argv[1:]))
