// The operations of the visits; music.js has them for Relay's compiler.
export const documents = {
  viewer: "query Viewer { viewer { id handle } }",
  playlists: `query Playlists($handle: String!) {
    user(handle: $handle) { playlists(first: 2) { edges { node { title } } } }
  }`,
  node: "query Node($id: ID!) { node(id: $id) { id } }",
  play: `mutation Play($track: ID!) {
    setNowPlaying(input: {trackId: $track}) { __typename }
  }`,
  playing: `subscription Playing($ids: [ID!]!) {
    nowPlaying(userIds: $ids) {
      ... on NowPlayingChanged { nowPlaying { track { id } } }
    }
  }`,
  changes: `subscription Changes($id: ID!, $after: String) {
    playlistChanged(id: $id, after: $after) {
      ... on PlaylistChanged { cursor seq }
      ... on Lagged { current }
    }
  }`,
  // Without a cursor there is no place to go on from.
  placeless: `subscription Placeless($id: ID!, $after: String) {
    playlistChanged(id: $id, after: $after) { ... on PlaylistChanged { seq } }
  }`,
};
