"""What programs call: a task as they give it, and its schema.

Other rooms come in by `task_fields`, `task_schema`.
"""
