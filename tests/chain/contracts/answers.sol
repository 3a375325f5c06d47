// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Contracts that give one answer to whatever they are asked.

bytes32 constant YES_WORD = bytes32(bytes4(0x1626ba7e));

/// A yes to everything: a wallet that anybody opens.
contract YesToAll {
    fallback() external {
        bytes32 word = YES_WORD;
        assembly {
            mstore(0, word)
            return(0, 32)
        }
    }
}

/// What a wallet that was asked in good order says for no.
contract Denies {
    fallback() external {
        bytes32 word = bytes32(bytes4(0xffffffff));
        assembly {
            mstore(0, word)
            return(0, 32)
        }
    }
}

/// The `true` of a function that returns `bool`.
contract SaysTrue {
    fallback() external {
        assembly {
            mstore(0, 1)
            return(0, 32)
        }
    }
}

/// Right in the first four bytes, and not zero in the last.
contract DirtyMagic {
    fallback() external {
        bytes32 word = YES_WORD;
        assembly {
            mstore(0, or(word, 1))
            return(0, 32)
        }
    }
}

/// The first 32 bytes of the question, which begins with the selector.
contract EchoPrefix {
    fallback() external {
        assembly {
            calldatacopy(0, 0, 32)
            return(0, 32)
        }
    }
}

/// The four bytes alone.
contract ShortAnswer {
    fallback() external {
        bytes32 word = YES_WORD;
        assembly {
            mstore(0, word)
            return(0, 4)
        }
    }
}

/// A yes, and another word after it.
contract LongAnswer {
    fallback() external {
        bytes32 word = YES_WORD;
        assembly {
            mstore(0, word)
            return(0, 64)
        }
    }
}

/// A yes, and 200 kB after it.
contract HugeAnswer {
    fallback() external {
        bytes32 word = YES_WORD;
        assembly {
            mstore(0, word)
            return(0, 204800)
        }
    }
}

/// Nothing at all, and no error.
contract Silent {
    fallback() external {}
}

/// No `isValidSignature`, and nothing that would answer in its place.
contract NoFunction {
    uint256 public something = 1;
}

contract Reverts {
    fallback() external {
        revert();
    }
}

contract RevertsWithReason {
    fallback() external {
        revert("not today");
    }
}

/// Fails, and returns a yes as the reason.
contract RevertsWithYes {
    fallback() external {
        bytes32 word = YES_WORD;
        assembly {
            mstore(0, word)
            revert(0, 32)
        }
    }
}

/// An opcode that there is not.
contract Invalid {
    fallback() external {
        assembly {
            invalid()
        }
    }
}

/// Burns all the gas there is.
contract Loops {
    fallback() external {
        assembly {
            for {} 1 {} {}
        }
    }
}

/// Asks whoever reads it to fetch the answer at a URL of its choice (EIP-3668).
contract LooksElsewhere {
    error OffchainLookup(
        address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData
    );

    string private url;

    constructor(string memory where) {
        url = where;
    }

    fallback() external {
        string[] memory urls = new string[](1);
        urls[0] = url;
        revert OffchainLookup(address(this), urls, msg.data, this.answered.selector, "");
    }

    function answered(bytes calldata, bytes calldata) external pure returns (bytes4) {
        return bytes4(YES_WORD);
    }
}
