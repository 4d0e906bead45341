"""The console: REST, the event stream and the page 现在, on a thread of their own."""
