"""The ladder: which causes there are, what follows each, what a step costs, and what a receipt says."""
