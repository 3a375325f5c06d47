"""Stand-ins for the tables of other packages, as those document them, under their labels."""
