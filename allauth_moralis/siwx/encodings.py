"""Base58 as Bitcoin and Solana write it: bytes without the digits that look alike."""

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58_decode(text: str) -> bytes:
    """Return the bytes of ``text``. Raise ``ValueError`` for a character outside the alphabet.

    The effort grows with the square of the length, so limit the length before you call this.
    """
    number = 0
    for character in text:
        number = number * 58 + ALPHABET.index(character)
    zeros = len(text) - len(text.lstrip("1"))  # a leading zero byte has a digit of its own
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def base58_encode(data: bytes) -> str:
    number, digits = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        digits = ALPHABET[digit] + digits
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + digits
