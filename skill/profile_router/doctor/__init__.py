"""The doctor: facts of this machine, its servers and its profiles, and one small check per thing that can be wrong."""
