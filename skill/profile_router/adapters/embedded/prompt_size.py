"""What the embedded runner's system prompt and tool schemas take in every prompt.

`route` takes the figures as they stand here, because counting them would cost more than routing; a test counts them
again and fails when they no longer hold.
"""

PROMPT_TOKENS = 900
PROMPT_CHARS = 4_000
