"""What the queue calls."""
