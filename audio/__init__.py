"""From a sentence to a loudspeaker."""
