"""Read QR codes as a phone's camera does: out of pixels."""

import re

import zxingcpp
from PIL import Image, ImageDraw

from .ceremony import search

SCALE = 8  # pixels


def read(svg: bytes) -> str:
    """Return the text of a code that was drawn as lines, which is how the site draws it."""
    side = int(search(r'viewBox="0 0 (\d+) \1"', svg.decode())[1])
    image = Image.new("L", (side * SCALE, side * SCALE), "white")
    draw = ImageDraw.Draw(image)
    for x, y, length in lines(svg.decode()):
        box = (x * SCALE, y * SCALE, (x + length) * SCALE - 1, (y + 1) * SCALE - 1)
        draw.rectangle(box, fill="black")
    return read_image(image)


def read_image(image: Image.Image) -> str:
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


def lines(svg: str) -> list[tuple[int, int, int]]:
    """Return the dark lines: column, row and length."""
    path = search(r'class="qrline"[^>]* d="([^"]+)"', svg)[1]
    found, x, y = [], 0.0, 0.0
    for command, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?", path):
        if command == "h":
            found.append((int(x), int(y), int(first)))
            x += float(first)
        elif command == "m":
            x, y = x + float(first), y + float(second)
        else:
            x, y = float(first), float(second)
    return found
