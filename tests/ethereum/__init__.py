"""What nodes are asked, and what becomes of their answers."""
