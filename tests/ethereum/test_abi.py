"""The contract ABI: what goes in comes out, and nothing is read from beyond the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allauth_moralis.ethereum.abi import decode, encode

ADDRESS = bytes(range(20))


def test_encoding_is_that_of_the_specification():
    """The example of the specification: ``f(uint256,bytes)`` with a number and "dave"."""
    assert encode("uint256 bytes", 0x123, b"dave").hex() == (
        f"{0x123:064x}{0x40:064x}{4:064x}" + b"dave".hex().ljust(64, "0")
    )


def test_address_is_padded_on_its_left():
    assert encode("address", ADDRESS) == bytes(12) + ADDRESS


@given(first=st.binary(max_size=100), second=st.binary(max_size=100))
def test_decoding_undoes_encoding(first, second):
    values = [ADDRESS, first, bytes(31) + b"\1", second]

    assert (
        decode("address bytes bytes32 string", encode("address bytes bytes32 string", *values))
        == values
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(31),
        b"\xff" * 32,
        (32).to_bytes(32),
        (32).to_bytes(32) + (1).to_bytes(32),
        (32).to_bytes(32) + b"\xff" * 32 + bytes(32),
    ],
    ids=["empty", "half_a_word", "offset_beyond", "no_length", "no_content", "endless"],
)
def test_bytes_that_are_not_there_are_refused(data):
    with pytest.raises(ValueError, match="too short"):
        decode("bytes", data)


def test_word_that_is_more_than_an_address_is_refused():
    with pytest.raises(ValueError, match="not an address"):
        decode("address", b"\1".rjust(12, b"\0") + ADDRESS)


@given(data=st.binary(max_size=300))
def test_foreign_bytes_are_values_or_refused(data):
    try:
        values = decode("address bytes bytes", data)
    except ValueError:
        return
    assert len(values[0]) == 20
    assert all(value in data for value in values)
