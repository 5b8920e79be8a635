"""Desktops of X servers without hardware, and kernels at them. For demo_desk.py."""

import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import yaml

WAIT_S = 30      # for anything, on the slowest machine
STOP_S = 3       # what a kernel promises
LETTER_MS = 12   # between two keys
EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "config" / "examples"


class Failed(Exception):
    """The demo has failed; the text says at what."""


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
