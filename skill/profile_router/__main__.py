"""`python -m profile_router …` is the command `profile-router …`."""

from profile_router.cli import program

if __name__ == "__main__":
    program()
