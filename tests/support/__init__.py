"""What tests share: processes, servers, waits, look-ups and rows. No test stands here."""
