"""The reference queries, the same for the gateway and for plain Strawberry."""

OWNER = "spotify"
"""The handle that the imported playlists belong to."""

SMALL = """
query Small($id: ID!) {
  track(id: $id) {
    id
    title
    durationMs
    album { id title }
    artists { role artist { id name } }
  }
}
"""

BIG = """
query Big($handle: String!, $playlists: Int!) {
  user(handle: $handle) {
    playlists(first: $playlists) {
      nodes {
        id
        title
        items(first: 20) {
          nodes {
            track {
              id
              title
              durationMs
              album { id title }
              artists { role artist { id name } }
            }
          }
        }
      }
    }
  }
}
"""
