// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// What ENS's Universal Resolver does of `reverse`, over names that tests give: the name of an
/// address, and the address that a name leads to.
contract UniversalResolver {
    error OffchainLookup(
        address sender, string[] urls, bytes callData, bytes4 callbackFunction, bytes extraData
    );
    error ResolverNotFound(bytes name);
    error ReverseAddressMismatch(string primary, bytes primaryAddress);

    mapping(address => string) private names;
    mapping(string => address) private addresses;
    mapping(string => string) private urls;

    function setName(address whose, string calldata name) external {
        names[whose] = name;
    }

    function setAddress(string calldata name, address where) external {
        addresses[name] = where;
    }

    /// From now on a name's address is to be fetched at a URL (EIP-3668).
    function moveOffChain(string calldata name, string calldata url) external {
        urls[name] = url;
    }

    function reverse(bytes calldata lookupAddress, uint256 coinType)
        external
        view
        returns (string memory primary, address resolver, address reverseResolver)
    {
        if (coinType != 60) revert ResolverNotFound(lookupAddress);
        address asked = address(bytes20(lookupAddress));
        primary = names[asked];
        if (bytes(primary).length == 0) return ("", address(0), address(this));
        if (bytes(urls[primary]).length != 0) lookElsewhere(urls[primary]);
        address found = addresses[primary];
        if (found != asked) revert ReverseAddressMismatch(primary, abi.encodePacked(found));
        return (primary, address(this), address(this));
    }

    function lookElsewhere(string memory url) private view {
        string[] memory one = new string[](1);
        one[0] = url;
        revert OffchainLookup(address(this), one, msg.data, this.fetched.selector, "");
    }

    function fetched(bytes calldata, bytes calldata)
        external
        pure
        returns (string memory, address, address)
    {
        return ("elsewhere.eth", address(1), address(1));
    }
}
