"""Keeps parsed and validated documents of one schema: most clients send few, again and again."""

from collections import OrderedDict

from graphql import DocumentNode

BYTES_PER_TOKEN = 600
"""What a token takes in memory with the nodes made of it: measured were 340 to 580."""


class Documents:
    """Documents by their text, the least recently used dropped first.

    Only valid ones belong here: whoever finds one need not validate it. They depend on the schema
    alone, never on variables or on who asks, so all requests share them.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[str, tuple[DocumentNode, int]] = OrderedDict()
        self.bytes = 0

    def find(self, text: str) -> DocumentNode | None:
        """Return the document of this text, where it is kept."""
        found = self._kept.get(text)
        if found is None:
            return None
        self._kept.move_to_end(text)
        return found[0]

    def keep(self, text: str, document: DocumentNode) -> None:
        """Keep a valid document; one that would take an eighth of the room and more is not kept."""
        size = size_of(text, document)
        if size * 8 > self._max_bytes or text in self._kept:
            return
        self._kept[text] = document, size
        self.bytes += size
        while self.bytes > self._max_bytes:
            _, (_, dropped) = self._kept.popitem(last=False)
            self.bytes -= dropped

    def __len__(self) -> int:
        return len(self._kept)


def size_of(text: str, document: DocumentNode) -> int:
    """Return about how many bytes of memory a document takes, its text included."""
    # A text beyond Latin-1 takes up to four bytes a character.
    return document.token_count * BYTES_PER_TOKEN + 4 * len(text)
