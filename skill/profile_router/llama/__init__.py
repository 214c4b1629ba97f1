"""llama.cpp's own server: which model it loads, and how it is started.

Other rooms come in by `launch`.
"""
