"""The QR code that a phone's camera reads."""

from io import BytesIO


def svg(text: str) -> bytes:
    """Return the QR code of ``text`` as an SVG document.

    It is dark on white, whatever the page's colours are: not every camera reads the inverse.
    """
    import segno  # noqa: PLC0415 - it takes 70 ms, and most processes never draw one

    drawn = BytesIO()
    code = segno.make_qr(text, error="m")
    code.save(drawn, kind="svg", border=4, light="white", omitsize=True, xmldecl=False)
    return drawn.getvalue()
