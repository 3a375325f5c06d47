"""The app of a site that grew on allauth before wallets came: own users, adapters and templates."""
