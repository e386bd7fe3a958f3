"""The commands of `python -m gateway`, one file each."""
