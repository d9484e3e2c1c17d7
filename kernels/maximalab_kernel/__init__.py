"""The Maxima kernel: a Jupyter kernel of its own on bare pyzmq, around a request server inside Maxima."""

__version__ = "0.1.0"
