"""Settings of allauth's test projects, by the same names, with what a site adds for wallets."""
