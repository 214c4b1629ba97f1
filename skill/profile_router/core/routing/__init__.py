"""From evidence to a profile: the rules in their order, the candidates, and whether the task fits.

Other rooms come in by `candidate`, `decide`, `estimate`, `listed`, `loop`, `probe`, `rate`, `route`, `rules`, `speed`,
`task_size`, `window_fit`.
"""
