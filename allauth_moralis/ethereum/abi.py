"""The few shapes of Ethereum's contract ABI that are needed here.

``eth-abi`` can do more, at the price of 165 ms of every worker's start.

Source: https://docs.soliditylang.org/en/latest/abi-spec.html
"""

WORD = 32  # bytes
ADDRESS = 20  # bytes
DYNAMIC = ("bytes", "string")


def encode(types: str, *values: int | bytes) -> bytes:
    """Encode arguments of the ``types``, which are separated by blanks: ``"address bytes"``.

    An address is 20 bytes, a number an ``int``, and everything else bytes.
    """
    kinds = types.split()
    head, tail = b"", b""
    for kind, value in zip(kinds, values, strict=True):
        if isinstance(value, int):
            head += _word(value)
        elif kind in DYNAMIC:
            head += _word(WORD * len(kinds) + len(tail))
            tail += _word(len(value)) + value + bytes(-len(value) % WORD)
        else:
            head += value.rjust(WORD, b"\0")
    return head + tail


def decode(types: str, data: bytes) -> list[bytes]:
    """Return the values of ``types`` from ``data``. Raise ``ValueError`` if they are not there."""
    values = []
    for position, kind in enumerate(types.split()):
        word = _slice(data, WORD * position, WORD)
        if kind in DYNAMIC:
            start = int.from_bytes(word)
            length = int.from_bytes(_slice(data, start, WORD))
            values.append(_slice(data, start + WORD, length))
        elif kind == "address":
            if any(word[:-ADDRESS]):
                raise ValueError("not an address")
            values.append(word[-ADDRESS:])
        else:
            values.append(word)
    return values


def _slice(data: bytes, start: int, length: int) -> bytes:
    if start + length > len(data):
        raise ValueError("the data is too short")
    return data[start : start + length]


def _word(value: int) -> bytes:
    return value.to_bytes(WORD, "big")
