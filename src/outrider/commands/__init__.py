"""The commands of the system itself; those of the domain are in the slices' `commands`.

Only the command line imports them.
"""
