"""What is told as it happens: topics, queues, numbered events."""
