"""Read what others wrote, files, JSON and YAML, within bounds on size and depth.

Other rooms come in by `json_reader`, `places`, `plain_file`, `strict_yaml`, `yaml_guard`.
"""
