"""`python -m profile_router …` is the command `profile-router …`."""

from profile_router.cli import as_process

if __name__ == "__main__":
    as_process()
