"""What the tests of pages share."""

LOGIN = "/accounts/moralis/login/"
