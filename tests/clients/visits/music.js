// Read by Relay's compiler, which makes visits/__generated__ of it; it is never run.
import { graphql } from "relay-runtime";

graphql`
  query musicViewerQuery {
    viewer {
      id
      handle
    }
  }
`;

graphql`
  query musicNodeQuery($id: ID!) @throwOnFieldError {
    node(id: $id) {
      id
    }
  }
`;

graphql`
  query musicPlaylistsQuery($handle: String!, $after: String) {
    user(handle: $handle) {
      playlists(first: 2, after: $after) @connection(key: "music_playlists") {
        edges {
          node {
            title
          }
        }
      }
    }
  }
`;

graphql`
  mutation musicPlayMutation($track: ID!) {
    setNowPlaying(input: { trackId: $track }) {
      __typename
    }
  }
`;

graphql`
  subscription musicPlayingSubscription($ids: [ID!]!) {
    nowPlaying(userIds: $ids) {
      ... on NowPlayingChanged {
        nowPlaying {
          track {
            id
          }
        }
      }
    }
  }
`;

graphql`
  subscription musicChangesSubscription($id: ID!, $after: String) {
    playlistChanged(id: $id, after: $after) {
      ... on PlaylistChanged {
        cursor
        seq
      }
      ... on Lagged {
        current
      }
    }
  }
`;

graphql`
  subscription musicPlacelessSubscription($id: ID!, $after: String) {
    playlistChanged(id: $id, after: $after) {
      ... on PlaylistChanged {
        seq
      }
    }
  }
`;
