"""Helpers that tests share: processes, servers, waits, look-ups and rows. This folder holds no
test."""
