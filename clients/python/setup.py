"""Builds the part in C as well, where a compiler is there; without it the package is whole, and slower."""

from setuptools import Extension, setup

setup(ext_modules=[Extension("sonidb._speed", ["src/sonidb/_speed.c"], optional=True)])
