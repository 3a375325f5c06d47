"""Compile the contracts anew, as ``make contracts`` does: the same bytes wherever it is run."""

import json
import subprocess
from pathlib import Path

from . import npm
from .artifacts import CONTRACTS, ROOT, SOURCES, VALIDATOR

VALIDATOR_SOURCE = VALIDATOR.with_suffix(".sol")
SETTINGS = {
    # The newest that chains without PUSH0 understand.
    "evmVersion": "paris",
    "optimizer": {"enabled": True, "runs": 1},
    # A hash of comments and paths would be in the code.
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
}


class Failed(Exception):
    """The compiler had something to say, were it only a warning."""


def compile_validator() -> str:
    """Return the content of ``validator.hex``."""
    return _compile(VALIDATOR_SOURCE)["Validator"]["evm"]["bytecode"]["object"] + "\n"


def compile_contracts() -> str:
    """Return the content of ``contracts.json``: each contract's constructor and bytecode."""
    compiled = _compile(*sorted(SOURCES.glob("*.sol")))
    contracts = {
        name: {"constructor": _constructor(each), "bytecode": each["evm"]["bytecode"]["object"]}
        for name, each in sorted(compiled.items())
    }
    return json.dumps(contracts, indent=1) + "\n"


def _compile(*paths: Path) -> dict[str, dict]:
    sources = {path.name: {"content": path.read_text()} for path in paths}
    asked = {"language": "Solidity", "sources": sources, "settings": SETTINGS}
    done = subprocess.run(
        [npm.tool("solcjs"), "--standard-json"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=True,
        timeout=npm.TIME_OUT,
    )
    # A line about what it uses comes first.
    result = json.loads(done.stdout[done.stdout.index("{") :])
    if errors := result.get("errors"):
        raise Failed("\n".join(each["formattedMessage"] for each in errors))
    return {name: each for found in result["contracts"].values() for name, each in found.items()}


def _constructor(compiled: dict) -> list[str]:
    """Return the types of what the contract's constructor takes."""
    for entry in compiled["abi"]:
        if entry["type"] == "constructor":
            return [each["type"] for each in entry["inputs"]]
    return []


if __name__ == "__main__":
    for path, content in ((VALIDATOR, compile_validator()), (CONTRACTS, compile_contracts())):
        path.write_text(content)
        print(path.relative_to(ROOT))
