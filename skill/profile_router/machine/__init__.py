"""This machine: its processor, its memory, its graphics, and who listens on a port."""
