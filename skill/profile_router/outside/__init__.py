"""Read what others wrote, JSON and YAML, within bounds on size and depth.

Other rooms come in by `json_reader`, `strict_yaml`, `yaml_guard`.
"""
