"""Everything outside: files, git, profiles, tokenizers, servers, models. Each module adapts one outside thing."""
