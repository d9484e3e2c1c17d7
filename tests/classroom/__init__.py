"""A classroom of simulated students with real servers, kernels and Maximas, while the usage service suffers.

`pupils` run cells and remember each answer, `suffering` is what is done to the service, `verdict` compares what was
answered with what the store holds, `lesson` joins them; `./lab classroom` runs it at any size.
"""
