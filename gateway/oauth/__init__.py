"""Our own OAuth2 and OpenID provider, for apps of third parties."""
