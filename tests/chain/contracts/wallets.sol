// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Contract wallets as people have them, each cut down to what a signature needs (ERC-1271).

bytes4 constant YES = 0x1626ba7e;
bytes4 constant NO = 0xffffffff;

function signer(bytes32 hash, bytes calldata signature) pure returns (address) {
    if (signature.length != 65) return address(0);
    uint8 v = uint8(signature[64]);
    return ecrecover(hash, v, bytes32(signature[:32]), bytes32(signature[32:64]));
}

/// One owner, who signs the hash itself and can hand the wallet over.
contract Owner {
    address public owner;

    constructor(address first) {
        owner = first;
    }

    function rotate(address next) external {
        require(msg.sender == owner, "not the owner");
        owner = next;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        return owner != address(0) && signer(hash, signature) == owner ? YES : NO;
    }
}

/// Several owners. The signature names one by its number, and is for this wallet on this chain
/// alone: what the owner signs is not the hash that is asked about.
contract Owners {
    address[] public owners;

    constructor(address first, address second) {
        owners = [first, second];
    }

    function bound(bytes32 hash) public view returns (bytes32) {
        return keccak256(abi.encode(hash, block.chainid, address(this)));
    }

    function isValidSignature(bytes32 hash, bytes calldata wrapped) external view returns (bytes4) {
        (uint256 number, bytes memory signature) = abi.decode(wrapped, (uint256, bytes));
        address said = this.signerOf(bound(hash), signature);
        return said != address(0) && said == owners[number] ? YES : NO;
    }

    function signerOf(bytes32 hash, bytes calldata signature) external pure returns (address) {
        return signer(hash, signature);
    }
}

/// Owned by whoever calls `initialise` first, as accounts behind a proxy often are. One that was
/// deployed and left like this must open nothing.
contract Initialisable {
    address public owner;

    function initialise(address first) external {
        require(owner == address(0), "has an owner");
        owner = first;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        return owner != address(0) && signer(hash, signature) == owner ? YES : NO;
    }
}

/// Does what another contract's code says.
contract Proxy {
    address private immutable TARGET;

    constructor(address target) {
        TARGET = target;
    }

    fallback() external {
        address target = TARGET;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let success := delegatecall(gas(), target, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(success) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}

/// Deploys any contract at an address that is known beforehand (CREATE2).
contract Factory {
    function create(bytes memory code, bytes32 salt) external returns (address made) {
        assembly {
            made := create2(0, add(code, 32), mload(code), salt)
        }
        require(made != address(0), "not created");
    }
}
