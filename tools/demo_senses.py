"""Whether what is seen is what was shown, and what is heard what was played. For demo_desk.py."""

import array
import math
import subprocess
import wave

from demo_lab import Failed

PSNR_DB_MIN = 30
SAME_DB = 99.0        # of pictures that are equal
BLOCK = (160, 8)      # pixels: a line of text fills some
LOUD_MIN = 0.05       # of full scale, as RMS
HEARD_S_MIN = 0.5


def planes(path, size):
    """The green, blue and red of a picture's pixels, each row by row."""
    done = subprocess.run(["ffmpeg", "-loglevel", "error", "-i", str(path), "-f", "rawvideo",
                           "-pix_fmt", "gbrp", "-"], capture_output=True)
    pixels = size[0] * size[1]
    if len(done.stdout) != 3 * pixels:
        raise Failed(f"{path} is no picture of {size[0]}x{size[1]}: {done.stderr[-300:]}")
    return [done.stdout[i * pixels:(i + 1) * pixels] for i in range(3)]


def psnr(squares, pixels):
    return min(SAME_DB, 10 * math.log10(255 * 255 * pixels / squares)) if squares else SAME_DB


def alike(one, other, size):
    """Of one colour: where they differ most, and all over, in dB. One line of text that
    is missing is little of a picture, and all of its block."""
    width, height = size
    worst, total = 0.0, 0
    for top in range(0, height, BLOCK[1]):
        rows = min(BLOCK[1], height - top)
        for left in range(0, width, BLOCK[0]):
            columns = min(BLOCK[0], width - left)
            squares = 0
            for y in range(top, top + rows):
                begin = y * width + left
                a, b = one[begin:begin + columns], other[begin:begin + columns]
                if a != b:
                    squares += sum((p - q) ** 2 for p, q in zip(a, b))
            worst = max(worst, squares / (rows * columns))
            total += squares
    return psnr(worst, 1), psnr(total, width * height)


def likeness(one, other, size):
    """Of two pictures' files: where they differ most, and all over, in dB."""
    colours = [alike(a, b, size) for a, b in zip(planes(one, size), planes(other, size))]
    return min(worst for worst, _ in colours), min(over for _, over in colours)


def tone_in(path, hertz):
    """The seconds of a WAV's sound, which must be that tone and not silence."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, rate = file.getnchannels(), file.getframerate()
            if file.getsampwidth() != 2:
                raise Failed(f"{path} has samples of {8 * file.getsampwidth()} bits, expected 16")
            samples = array.array("h", file.readframes(file.getnframes()))[::channels]
    except (OSError, EOFError, wave.Error) as error:
        raise Failed(f"no sound has arrived: {error}") from error
    seconds = len(samples) / rate
    if seconds < HEARD_S_MIN:
        raise Failed(f"{path}: {seconds:.2f} s of sound, expected {HEARD_S_MIN} s at least")
    loud = math.sqrt(sum(each * each for each in samples) / len(samples)) / 32768
    if loud < LOUD_MIN:
        raise Failed(f"{path} is silent: {loud:.4f} of full scale, expected {LOUD_MIN}")
    ups = sum(1 for a, b in zip(samples, samples[1:]) if a < 0 <= b)
    if not 0.9 * hertz < ups / seconds < 1.1 * hertz:
        raise Failed(f"{path} has a tone of {ups / seconds:.0f} Hz, expected {hertz}")
    return seconds
