/** All that the page asks of the graph. */

const PERSON = "fragment Person on User { id handle displayName }";
const TRACK = "fragment Track on Track { id title durationMs artists { artist { name } } }";
const CHANGE = `
fragment Change on PlaylistChange {
  version kind at
  actor { ...Person }
  items { itemId before after track { ...Track } }
  rekeyed { itemId after }
}
${PERSON} ${TRACK}`;

export const START = `
query Start {
  viewer {
    ...Person
    following(first: 50) { nodes { ...Person } }
    playlists(first: 50) { nodes { ...Choice } }
    followedPlaylists(first: 50) { nodes { ...Choice } }
  }
}
fragment Choice on Playlist {
  id title collaborative createdAt owner { id } collaborators { role user { id } }
}
${PERSON}`;

export const PLAYLIST = `
query Playlist($id: ID!) {
  playlist(id: $id) {
    id title description version collaborative
    owner { ...Person }
    collaborators { role user { ...Person } }
    history(first: 10) { nodes { ...Change } }
  }
}
${CHANGE}`;

// At a version, so that all pages of a long list are of one moment.
export const ITEMS = `
query Items($id: ID!, $version: Int!, $after: String) {
  playlistAt(id: $id, version: $version) {
    items(first: 100, after: $after) {
      nodes { id position addedBy { ...Person } track { ...Track } }
      pageInfo { hasNextPage endCursor }
    }
  }
}
${PERSON} ${TRACK}`;

export const SEARCH = `
query Search($text: String!) {
  search(query: $text, types: [TRACK], first: 6) { nodes { ...Track } }
}
${TRACK}`;

const CHANGED = `{
  __typename
  ... on PlaylistItemsChanged { version }
  ... on Error { code message }
}`;

export const ADD = `mutation Add($input: AddPlaylistItemsInput!) { done: addPlaylistItems(input: $input) ${CHANGED} }`;
export const MOVE = `mutation Move($input: MovePlaylistItemsInput!) { done: movePlaylistItems(input: $input) ${CHANGED} }`;
export const REMOVE = `mutation Remove($input: RemovePlaylistItemsInput!) { done: removePlaylistItems(input: $input) ${CHANGED} }`;
export const UNDO = `mutation Undo($id: ID!, $version: Int!) { done: undoPlaylistChange(playlistId: $id, version: $version) ${CHANGED} }`;

export const CHANGES = `
subscription Changes($id: ID!, $after: String) {
  playlistChanged(id: $id, after: $after) {
    ... on PlaylistChanged { cursor change { ...Change } }
    ... on Lagged { missed }
  }
}
${CHANGE}`;

export const HERE = `
subscription Here($id: ID!) {
  presence(playlistId: $id) { ... on PresenceChanged { people { ...Person } others } }
}
${PERSON}`;

export const PLAYING = `
subscription Playing($people: [ID!]!) {
  nowPlaying(userIds: $people) {
    ... on NowPlayingChanged {
      userId
      nowPlaying { startedAt endsAt track { ...Track } }
    }
  }
}
${TRACK}`;

export const PLAY = `
mutation Play($track: ID!) {
  setNowPlaying(input: { trackId: $track }) { __typename ... on Error { code message } }
}`;
export const STOP = "mutation Stop { clearNowPlaying { __typename } }";

const NOTIFICATION = `
fragment Notification on Notification {
  id kind createdAt readAt role device
  actor { ...Person }
  playlist { id title owner { id } }
  invitation { title }
}
${PERSON}`;

export const INBOX = `
query Inbox {
  viewer { notifications(first: 20) { unreadCount edges { cursor node { ...Notification } } } }
}
${NOTIFICATION}`;

export const TOLD = `
subscription Told($after: String) {
  notifications(after: $after) {
    ... on NotificationReceived { cursor unreadCount notification { ...Notification } }
    ... on Lagged { current }
  }
}
${NOTIFICATION}`;

export const READ = `
mutation Read($input: MarkNotificationsReadInput!) {
  marked: markNotificationsRead(input: $input) {
    __typename
    ... on NotificationsRead { unreadCount }
    ... on Error { message }
  }
}`;
