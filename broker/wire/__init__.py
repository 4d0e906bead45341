"""What a gate and the centre share: topics, messages, transport."""
