"""Imports: a file is read as a stream, staged by COPY and merged set-wise in chunks, by what slices register."""
