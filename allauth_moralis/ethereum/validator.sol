// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Does a contract wallet that is not deployed yet accept a signature (ERC-6492)?
///
/// Nobody deploys this. A node runs the constructor in an `eth_call` without `to`, and what would
/// be the code of the new contract is the answer: one byte, 1 for yes and 0 for no. Everything that
/// happens on the way, the deployment of the wallet too, is forgotten with the call.
contract Validator {
    /// What `isValidSignature` returns for yes: its own selector, then 28 zero bytes (ERC-1271).
    bytes32 private constant YES = bytes32(bytes4(0x1626ba7e));

    constructor(
        address account,
        bytes32 hash,
        address factory,
        bytes memory factoryData,
        bytes memory signature
    ) {
        // Whoever signs in chose the factory and what to call there. Where the wallet has code,
        // that call could be to the wallet: to initialise one that has no owner yet, and to own it.
        // The code of an EIP-7702 account counts, too; no call can give an account such code.
        bool valid = account.code.length == 0;
        if (valid) {
            deploy(factory, factoryData);
            // A call to an address without code succeeds, and a precompile has none: 0x…04 returns
            // what it is sent, which begins with the selector.
            valid = account.code.length != 0 && accepts(account, hash, signature);
        }
        assembly {
            mstore8(0, valid)
            return(0, 1)
        }
    }

    /// Call the factory. Whether that succeeds does not matter: is there code afterwards?
    function deploy(address factory, bytes memory data) private {
        assembly {
            // What it returns is not copied: memory for a large answer costs the caller's gas.
            pop(call(gas(), factory, 0, add(data, 32), mload(data), 0, 0))
        }
    }

    /// Ask the wallet. Only a whole answer of exactly 32 bytes is a yes: not a longer one that
    /// begins like it, and not one that is right in its first four bytes alone.
    function accepts(address account, bytes32 hash, bytes memory signature)
        private
        view
        returns (bool yes)
    {
        bytes memory data = abi.encodeWithSelector(bytes4(YES), hash, signature);
        bytes32 expected = YES;
        assembly {
            // Calls nothing that could change state, and copies no more than one word.
            let success := staticcall(gas(), account, add(data, 32), mload(data), 0, 32)
            yes := and(success, and(eq(returndatasize(), 32), eq(mload(0), expected)))
        }
    }
}
