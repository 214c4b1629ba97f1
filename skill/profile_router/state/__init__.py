"""Our own folder and database on disk, made private, and files written whole or not at all."""
