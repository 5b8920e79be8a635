#!/usr/bin/python3
"""The demo's run: two desktops, two kernels, TLS between them. For tools/demo.

  demo_desk.py BIN FOLDER    BIN: the built programs; FOLDER: where the run leaves its files

Exit status 1 when what was typed is not what was saved, the far screen's picture near is
not the far screen, or the far tone is not heard.
"""

import pathlib
import re
import secrets
import signal
import sys
import time

from demo_lab import LETTER_MS, WAIT_S, Desktop, Failed, Kernel, free_port, wait_for
from demo_senses import PSNR_DB_MIN, likeness, tone_in

FAR = (1280, 720)     # the far desktop, whole
NEAR = (1600, 900)    # the near one, with a window of that size on it
TONE_HZ = 440         # that the laptop plays (laptop.yaml)

BEGIN = time.monotonic()


def tell(text):
    print(f"  {time.monotonic() - BEGIN:4.1f} s  {text}", flush=True)


# --- the table -------------------------------------------------------------------

def time_text(us):
    return f"{us:.0f} µs" if us < 1000 else f"{us / 1000:.1f} ms"


def edge_of(kernel, pipeline, source=None):
    """The busiest edge of a pipeline."""
    for each in kernel.ctl("pipelines")["pipelines"]:
        if each["name"] == pipeline:
            edges = [edge for edge in each["edges"] if not source or source in edge["from"]]
            return max(edges, key=lambda edge: edge["delivered"], default=None)
    return None


def latency_rows(desk, laptop):
    """What each kernel saw of the way, p50 and p99; times between machines are right
    within the error of the link's clock offset."""
    steps = (("a key: capture → desk's kernel", desk, "desk/laptop", "keyboard", "captured"),
             ("a key: capture → laptop's kernel, over TLS", laptop, "input", None, "captured"),
             ("a key: laptop's kernel → injected", laptop, "input", None, "applied"),
             ("a key: capture → injected", laptop, "input", None, "whole"),
             ("the screen: change → laptop's encoder", laptop, "screen", None, "captured"),
             ("the screen: change → packet at the desk", desk, "packets", None, "captured"),
             ("the screen: change → decoded", desk, "picture", None, "captured"),
             ("glass to glass: change → shown", desk, "picture", None, "whole"))
    for title, kernel, pipeline, source, stage in steps:
        edge = edge_of(kernel, pipeline, source)
        if edge is None:
            raise Failed(f"{kernel.name} has no pipeline {pipeline} with an edge")
        latency = edge["latency"][stage]
        yield title, latency["p50_us"], latency["p99_us"]


def print_latencies(desk, laptop):
    rows = [(title, time_text(p50), time_text(p99))
            for title, p50, p99 in latency_rows(desk, laptop)]
    width = max(len(row[0]) for row in rows)
    print(f"  {'':{width}}  {'p50':>8}  {'p99':>8}")
    for title, p50, p99 in rows:
        print(f"  {title:{width}}  {p50:>8}  {p99:>8}")


# --- the run ---------------------------------------------------------------------

def write_lines(desk, laptop, near, nonce, saved):
    """Two lines into the editor on the laptop, typed at the desk, with deaths on the way."""
    def is_saved(text):
        return saved.exists() and saved.read_text("utf-8") == text

    first = f"run {nonce} typed at the desk "
    typing = near.run("xdotool", "type", "--delay", str(LETTER_MS), first + "while the picture dies")
    time.sleep(len(first) * LETTER_MS / 2000)
    laptop.kill("picture")
    typing.wait(WAIT_S)
    near.press("ctrl+s")
    text = first + "while the picture dies\n"
    wait_for("the editor has saved the first line", lambda: is_saved(text))
    tell("one line is saved there; the encoder was killed in the middle of it")

    laptop.kill("input")
    tell("kill -9 of the device that types there; the kernel has started it again")
    near.type("\n" + nonce[::-1] + " and on after the second death")
    near.press("ctrl+s")
    text += nonce[::-1] + " and on after the second death\n"
    wait_for("the editor has saved the second line", lambda: is_saved(text))
    tell(f"the second line is saved: {saved.name} on the laptop is what was typed at the desk")


def compare_pictures(near, far, window, folder):
    """The best of some looks: the two pictures are not taken at the same moment."""
    best = (0.0, 0.0)

    def alike():
        nonlocal best
        x, y = map(int, re.findall(r"[XY]=(-?\d+)", near.do("xdotool", "getwindowgeometry",
                                                            "--shell", window)))
        shown = near.picture(folder / "laptop-seen-from-desk.png", x, y, FAR)
        best = max(best, likeness(shown, far.picture(folder / "laptop.png"), FAR))
        return best[0] > PSNR_DB_MIN

    try:
        wait_for("the near picture is the far screen", alike)
    except Failed as failed:
        raise Failed(f"{failed}: {best[0]:.1f} dB where it differs most, more than "
                     f"{PSNR_DB_MIN} are right") from failed
    near.picture(folder / "desk.png")
    return best


def run(desk, laptop, near, far, folder):
    nonce = secrets.token_hex(5)
    saved = folder / "letter.txt"
    at_home = folder / "at-home.txt"
    print(f"run {nonce}: two desktops, {near.display} and {far.display}", flush=True)
    near.run("xterm", "-geometry", "60x8+0+700", "-title", "notes", "-e", "sh", "-c",
             f"echo This is the desk.; cat > {at_home}")
    far.run("xterm", "-geometry", "200x50+0+0", "-title", "letter", "-e", "nano",
            "--ignorercfiles", str(saved))
    wait_for("both desktops have their programs",
             lambda: near.windows("notes") and far.windows("letter"))
    desk.start()
    laptop.start()
    wait_for("all devices run", lambda: desk.runs() and laptop.runs())
    window = wait_for("the laptop's screen shows at the desk", lambda: near.windows("^laptop$"))[0]
    tell(f"two kernels run {len(desk.pids())} and {len(laptop.pids())} devices, each a process; "
         "the laptop's screen is in a window of the desk")

    near.do("xdotool", "mousemove", str(NEAR[0] - 100), "400")

    def cross():
        near.do("xdotool", "mousemove_relative", "40", "0")
        return desk.input_is_at() == "laptop"

    wait_for("the pointer has crossed the border", cross)
    far.do("xdotool", "mousemove", "600", "400")
    tell("the pointer crossed the right border: keyboard and mouse are the laptop's")
    write_lines(desk, laptop, near, nonce, saved)
    best = compare_pictures(near, far, window, folder)
    tell(f"the laptop's picture on the desk is its screen within {best[1]:.1f} dB (PSNR), "
         f"and within {best[0]:.1f} dB where it differs most")

    near.press("ctrl+alt+1")
    wait_for("the input is home", lambda: desk.input_is_at() == "local")
    near.do("xdotool", "mousemove", "100", "750")
    near.type("home again\n")
    wait_for("what is typed at home stays there",
             lambda: at_home.exists() and at_home.read_text("utf-8") == "home again\n")
    for desktop in (near, far):
        if desktop.held():
            raise Failed(f"{desktop.name}: left down: {desktop.held()}")
    tell("Ctrl+Alt+1: the input is home, and nothing is left down on either desktop")

    print_latencies(desk, laptop)
    took = max(laptop.stop(), desk.stop())
    tell(f"both kernels stopped, the slower in {took:.1f} s; no process is left")
    heard = tone_in(folder / "laptop-sound.wav", TONE_HZ)
    tell(f"the laptop's tone of {TONE_HZ} Hz is in the desk's file, {heard:.1f} s of it")


def main(bin_folder, folder):
    bin_folder, folder = pathlib.Path(bin_folder), pathlib.Path(folder)
    near = far = desk = laptop = None
    try:
        near = Desktop("desk-desktop", NEAR, folder)
        far = Desktop("laptop-desktop", FAR, folder)
        desk = Kernel("desk", near, bin_folder, folder)
        laptop = Kernel("laptop", far, bin_folder, folder)
        desk.trust(laptop)
        laptop.trust(desk)
        address = f"127.0.0.1:{free_port()}"
        desk.device("network")["listen"] = address
        laptop.device("network")["connect"] = address
        desk.device("input")["capture_xtest"] = True  # our fingers are XTEST's
        desk.device("speaker")["file"] = str(folder / "laptop-sound.wav")
        run(desk, laptop, near, far, folder)
        return 0
    except Exception as failed:  # whatever it is, the logs say more
        for kernel in (desk, laptop):
            if kernel:
                print(f"The last lines of {kernel.name}'s log:\n{kernel.log_tail()}",
                      file=sys.stderr, end="")
        what = failed if isinstance(failed, Failed) else repr(failed)
        print(f"FAILED: {what}", file=sys.stderr)
        return 1
    finally:
        for each in (laptop, desk, near, far):
            if each:
                each.end()


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale is
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(*sys.argv[1:]))
