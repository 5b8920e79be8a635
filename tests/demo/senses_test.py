#!/usr/bin/python3
"""The demo's senses must fail where something is missing: one line of text, or the sound."""

import array
import math
import pathlib
import random
import sys
import tempfile
import unittest
import wave

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from demo_lab import Failed
from demo_senses import PSNR_DB_MIN, alike, tone_in

SIZE = (1280, 720)


def page(lines):
    """A terminal with so many lines of words."""
    pixels = bytearray(b"\xff" * (SIZE[0] * SIZE[1]))
    draw = random.Random(7)
    for line in range(lines):
        for y in range(line * 13 + 2, line * 13 + 11):
            for x in range(360):
                if draw.random() < 0.2:
                    pixels[y * SIZE[0] + x] = 0
    return bytes(pixels)


def noisy(pixels):
    """As a codec leaves it."""
    draw = random.Random(3)
    return bytes(min(255, max(0, each + draw.choice((-2, 0, 2)))) for each in pixels)


class Senses(unittest.TestCase):
    def test_a_picture_that_a_codec_has_seen_is_like_its_screen(self):
        screen = page(3)
        worst, over_all = alike(noisy(screen), screen, SIZE)
        self.assertGreater(worst, PSNR_DB_MIN)
        self.assertGreater(over_all, worst)

    def test_a_picture_without_the_last_line_is_not(self):
        worst, over_all = alike(page(2), page(3), SIZE)
        self.assertLess(worst, PSNR_DB_MIN / 2)
        self.assertGreater(over_all, worst)

    def sound(self, samples):
        file = tempfile.NamedTemporaryFile(suffix=".wav")
        self.addCleanup(file.close)
        with wave.open(file.name, "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(48000)
            out.writeframes(array.array("h", [each for each in samples for _ in "lr"]).tobytes())
        return file.name

    def tone(self, hertz, seconds):
        return [int(16000 * math.sin(2 * math.pi * hertz * i / 48000))
                for i in range(int(48000 * seconds))]

    def test_a_tone_is_heard(self):
        self.assertAlmostEqual(tone_in(self.sound(self.tone(440, 1)), 440), 1)

    def test_silence_another_tone_too_little_and_nothing_are_told(self):
        for path, words in ((self.sound([0] * 48000), "silent"),
                            (self.sound(self.tone(880, 1)), "tone of 8[78][0-9] Hz"),
                            (self.sound(self.tone(440, 0.1)), "0.10 s"),
                            ("/nowhere.wav", "no sound has arrived")):
            with self.assertRaisesRegex(Failed, words):
                tone_in(path, 440)


if __name__ == "__main__":
    unittest.main()
