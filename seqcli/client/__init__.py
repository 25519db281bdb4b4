"""Operation and request → HTTP → reply: transport · retry · throttle · redact · local (the sandbox)."""
