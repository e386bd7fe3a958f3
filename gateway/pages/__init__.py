"""Pages for people: plain HTML below `/account` that needs no script but for passkeys."""
