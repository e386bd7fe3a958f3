"""Loaders of what lets people into a playlist."""

from datasources.loaders.batch import Batch, PagedBatch
from datasources.loaders.sources import from_postgres, pages_from_postgres
from datasources.postgres import collaboration, share_links

InvitationsOfPlaylist = Batch(
    "InvitationsOfPlaylist",
    from_postgres(collaboration.fetch_invitations_of_playlists),
    missing=(),
)
InvitationsOfUser = PagedBatch(
    "InvitationsOfUser",
    pages_from_postgres(collaboration.fetch_invitations_of_users),
    keyset=collaboration.INVITATIONS_OF_USER,
    total=Batch(
        "InvitationCountOfUser",
        from_postgres(collaboration.count_invitations_of_users),
        missing=0,
    ),
)
ShareLinksOfPlaylist = Batch(
    "ShareLinksOfPlaylist", from_postgres(share_links.fetch_links_of_playlists), missing=()
)
ShareLinkById = Batch("ShareLinkById", from_postgres(share_links.fetch_links_by_ids))
