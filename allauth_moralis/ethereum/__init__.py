"""What an Ethereum node is asked: whether a contract wallet signed, and what names people have."""
