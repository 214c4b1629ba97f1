"""What the embedded runner's system prompt and tool schemas take in every prompt.

`route` takes the figures as they stand here, because counting them would cost more than routing; a test counts them
again and fails when they no longer hold. Counted with the three shipped profiles, as JSON with blanks after commas and
colons (so chat templates print it): what a request really holds is less.
"""

PROMPT_TOKENS = 750
PROMPT_CHARS = 2_850
