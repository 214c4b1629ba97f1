"""A day in seconds: what is kept, spent and put on cooldown is counted by it. Pure."""

DAY_S = 86_400.0
