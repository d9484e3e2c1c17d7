"""Made-up histories of classes, from a seed: for the example lab, for tests and for benchmarks.

`cast` says who there is and what may go wrong, `sittings` when each student sits down to work, `telling` what
happens then, as Arrow tables in the store's columns, a group's week at a time.
"""
