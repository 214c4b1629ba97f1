"""Talk HTTP to model servers: what they are, what they have loaded, and whether they are on cooldown."""
