"""The folder that a task works in: its files, their content, images and outlines."""
