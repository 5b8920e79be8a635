#!/usr/bin/python3
"""The demo's run: two desktops, two kernels, TLS between them. For tools/demo.

  demo_desk.py BIN FOLDER    BIN: the built programs; FOLDER: where the run leaves its files

Exit status 1 when what was typed is not what was saved, or the far screen's picture
near is not the far screen.
"""

import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import time

import yaml

WAIT_S = 30           # for anything, on the slowest machine
STOP_S = 3            # what a kernel promises
PSNR_DB_MIN = 30
FAR = (1280, 720)     # the far desktop, whole
NEAR = (1600, 900)    # the near one, with a window of that size on it
LETTER_MS = 12        # between two keys
EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "config" / "examples"


class Failed(Exception):
    """The demo has failed; the text says at what."""


BEGIN = time.monotonic()


def tell(text):
    print(f"  {time.monotonic() - BEGIN:4.1f} s  {text}", flush=True)


def wait_for(what, condition):
    """The first true value of condition()."""
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failed(f"waited {WAIT_S} s in vain until {what}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Desktop:
    """An X server without hardware, and the programs on it."""

    def __init__(self, name, size, folder):
        self.name, self.size, self.folder = name, size, folder
        self.programs = []
        told, number = os.pipe()
        with open(folder / f"{name}-x.log", "wb") as log:
            self.server = subprocess.Popen(
                ["Xvfb", "-displayfd", str(number), "-screen", "0", "%dx%dx24" % size,
                 "-nolisten", "tcp", "-noreset"],
                pass_fds=[number], stdout=log, stderr=log, start_new_session=True)
        os.close(number)
        with open(told, encoding="ascii") as line:  # its number comes in pieces
            self.display = ":" + line.readline().strip()
        if self.display == ":":
            raise Failed(f"Xvfb did not start, see {folder}/{name}-x.log")
        self.environment = {**os.environ, "DISPLAY": self.display}

    def run(self, *command):
        """A program on it, until the demo ends."""
        with open(self.folder / f"{self.name}-programs.log", "ab") as log:
            program = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL, start_new_session=True)
        self.programs.append(program)
        return program

    def do(self, *command):
        return subprocess.run(command, env=self.environment, check=True, capture_output=True,
                              text=True).stdout

    def type(self, text):
        """As fingers would: each key goes down and up."""
        self.do("xdotool", "type", "--delay", str(LETTER_MS), text)

    def press(self, chord):
        self.do("xdotool", "key", chord)

    def windows(self, title):
        found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", title],
                               env=self.environment, capture_output=True, text=True)
        return found.stdout.split()

    def picture(self, path, x=0, y=0, size=None):
        """What it shows, without its pointer, as PNG."""
        width, height = size or self.size
        subprocess.run(["ffmpeg", "-loglevel", "error", "-y", "-f", "x11grab", "-draw_mouse", "0",
                        "-video_size", f"{width}x{height}", "-i", f"{self.display}+{x},{y}",
                        "-frames:v", "1", str(path)], check=True, stdin=subprocess.DEVNULL)
        return path

    def held(self):
        """Keys and buttons that the server believes to be down."""
        down = []
        for device in re.findall(r"id=(\d+)", self.do("xinput", "list")):
            state = subprocess.run(["xinput", "query-state", device], env=self.environment,
                                   capture_output=True, text=True).stdout
            down += re.findall(r"\S+=down", state)
        return down

    def end(self):
        for process in self.programs + [self.server]:
            if process.poll() is None:
                process.terminate()
        for process in self.programs + [self.server]:
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Kernel:
    """A kernel with one of the examples, at a desktop."""

    def __init__(self, name, desktop, bin_folder, folder):
        self.name, self.desktop, self.bin = name, desktop, bin_folder
        self.folder = folder / name
        self.folder.mkdir()
        self.identity = self.folder / "identity"
        self.config = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text("utf-8"))
        self.config["kernel"]["runtime_dir"] = str(self.folder / "run")
        self.device("network")["identity"] = str(self.identity)
        self.process = None
        self.run_ctl("identity", "make", "--name", name, "--folder", self.identity)
        shown = self.run_ctl("identity", "show", "--json", "--folder", self.identity)
        self.fingerprint = json.loads(shown)["fingerprint"]

    def device(self, name):
        """The configuration of a device, to be changed before the start."""
        return self.config["devices"][name].setdefault("config", {})

    def trust(self, other):
        self.run_ctl("trust", "add", other.name, other.fingerprint, "--folder", self.identity)

    def start(self):
        path = self.folder / "kvm.yaml"
        path.write_text(yaml.safe_dump(self.config, sort_keys=False), "utf-8")
        with open(self.folder / "kernel.log", "ab") as log:
            self.process = subprocess.Popen([self.bin / "dkvm-kernel", "--config", path],
                                            env=self.desktop.environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log)
        wait_for(f"the kernel {self.name} answers", lambda: self.ctl("status") is not None)

    def run_ctl(self, *arguments):
        done = subprocess.run([self.bin / "dkvmctl", *map(str, arguments)], capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise Failed(f"dkvmctl {' '.join(map(str, arguments))}: {done.stderr.strip()}")
        return done.stdout

    def ctl(self, *arguments):
        """What the kernel answers, or None."""
        if self.process.poll() is not None:
            raise Failed(f"the kernel {self.name} ended with status {self.process.returncode}")
        done = subprocess.run([self.bin / "dkvmctl", "--socket", self.folder / "run/control.sock",
                               *arguments, "--json"], capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def state(self, device):
        return self.ctl("device", device) or {}

    def runs(self):
        """Whether all of its devices do."""
        devices = (self.ctl("devices") or {"devices": []})["devices"]
        return devices and all(each["state"] == "running" for each in devices)

    def kill(self, device):
        """kill -9, and waits until the kernel has started it again."""
        before = self.state(device)["pid"]
        os.kill(before, signal.SIGKILL)
        wait_for(f"{device} runs again",
                 lambda: self.state(device).get("pid", 0) not in (0, before)
                 and self.state(device).get("state") == "running")

    def input_is_at(self):
        switches = (self.ctl("switch") or {"switches": []})["switches"]
        return switches[0]["target"] if switches else None

    def pids(self):
        return [each["pid"] for each in self.ctl("devices")["devices"] if each.get("pid")]

    def log_tail(self):
        path = self.folder / "kernel.log"
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        return "".join(f"  | {line}\n" for line in lines[-12:])

    def stop(self):
        """In good order: the seconds that it took."""
        pids = self.pids()
        begin = time.monotonic()
        self.run_ctl("--socket", self.folder / "run/control.sock", "stop")
        status = self.process.wait(2 * STOP_S)
        took = time.monotonic() - begin
        if status != 0:
            raise Failed(f"the kernel {self.name} ended with status {status}")
        left = [pid for pid in pids if pathlib.Path(f"/proc/{pid}").exists()]
        if left or took > STOP_S:
            raise Failed(f"{self.name} took {took:.1f} s to stop and left processes {left}")
        return took

    def end(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(2 * STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def psnr(one, other):
    """Of two pictures of one size, in dB; infinite when they are the same."""
    done = subprocess.run(["ffmpeg", "-hide_banner", "-i", str(one), "-i", str(other), "-lavfi",
                           "psnr", "-f", "null", "-"], capture_output=True, text=True)
    found = re.search(r"average:(\S+)", done.stderr)
    if found is None:
        raise Failed(f"ffmpeg cannot compare {one} and {other}: {done.stderr[-300:]}")
    return float(found[1])


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
    best = 0

    def alike():
        nonlocal best
        x, y = map(int, re.findall(r"[XY]=(-?\d+)", near.do("xdotool", "getwindowgeometry",
                                                            "--shell", window)))
        shown = near.picture(folder / "laptop-seen-from-desk.png", x, y, FAR)
        best = max(best, psnr(shown, far.picture(folder / "laptop.png")))
        return best > PSNR_DB_MIN

    try:
        wait_for("the near picture is the far screen", alike)
    except Failed as failed:
        raise Failed(f"{failed}: {best:.1f} dB, more than {PSNR_DB_MIN} are right") from failed
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
    tell(f"the laptop's picture on the desk is its screen within {best:.1f} dB (PSNR)")

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
