"""Genres in two levels, and how the music of each sounds."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sound:
    """What is usual in a genre; tracks lie about it.

    Shares are 0 to 1, loudness is in dB, tempo in beats a minute, length in minutes.
    """

    danceability: float
    energy: float
    loudness: float
    speechiness: float
    acousticness: float
    instrumentalness: float
    valence: float
    tempo: float
    minutes: float
    explicit: float = 0.02


# fmt: off
GENRES: Mapping[str, Mapping[str, Sound]] = {
    #                       dance energy  dB  speech acous instr valen tempo  min  explicit
    "Rock": {
        "Indie Rock":      Sound(.52, .68,  -7, .05, .16, .08, .50, 126, 3.7, .06),
        "Shoegaze":        Sound(.36, .74,  -7, .05, .08, .42, .28, 118, 4.8),
        "Post-Rock":       Sound(.30, .56, -11, .04, .22, .80, .18, 110, 6.9),
        "Heavy Metal":     Sound(.38, .93,  -5, .09, .01, .20, .32, 138, 4.7, .16),
    },
    "Pop": {
        "Dance Pop":       Sound(.70, .76,  -5, .07, .10, .01, .62, 119, 3.3, .14),
        "Synth-Pop":       Sound(.66, .70,  -7, .05, .12, .10, .58, 118, 3.8, .03),
        "Dream Pop":       Sound(.48, .46, -10, .04, .42, .28, .32, 104, 4.1),
        "Chamber Pop":     Sound(.46, .40, -10, .04, .58, .06, .40, 108, 3.6),
    },
    "Electronic": {
        "House":           Sound(.78, .80,  -7, .06, .04, .52, .58, 124, 5.6, .03),
        "Techno":          Sound(.72, .82,  -9, .06, .03, .80, .26, 132, 6.2),
        "Ambient":         Sound(.26, .18, -20, .04, .80, .88, .14,  92, 6.6, 0),
        "Drum & Bass":     Sound(.56, .90,  -5, .09, .03, .46, .38, 173, 4.5, .06),
    },
    "Hip-Hop": {
        "Boom Bap":        Sound(.76, .64,  -7, .27, .20, .01, .56,  92, 3.6, .58),
        "Trap":            Sound(.74, .64,  -6, .22, .14, .01, .40, 142, 3.1, .74),
        "Jazz Rap":        Sound(.70, .54,  -9, .24, .34, .03, .56,  94, 3.8, .40),
    },
    "R&B": {
        "Neo Soul":        Sound(.64, .48,  -8, .08, .40, .03, .52,  96, 4.0, .16),
        "Funk":            Sound(.77, .74,  -8, .07, .18, .06, .80, 110, 4.3, .04),
        "Alternative R&B": Sound(.60, .48,  -9, .10, .38, .05, .34, 108, 3.7, .36),
    },
    "Jazz": {
        "Hard Bop":        Sound(.52, .46, -12, .05, .78, .58, .58, 136, 6.8, 0),
        "Vocal Jazz":      Sound(.50, .26, -14, .05, .86, .02, .40, 106, 3.9, 0),
        "Jazz Fusion":     Sound(.55, .66, -10, .05, .30, .74, .56, 122, 6.3, 0),
    },
    "Folk": {
        "Indie Folk":      Sound(.48, .34, -11, .04, .76, .06, .36, 112, 3.7),
        "Bluegrass":       Sound(.54, .54, -10, .05, .80, .12, .70, 128, 3.0),
        "Singer-Songwriter": Sound(.52, .32, -11, .05, .80, .02, .38, 110, 3.8, .05),
    },
    "Latin": {
        "Bossa Nova":      Sound(.60, .30, -14, .05, .84, .14, .60, 122, 3.1, 0),
        "Cumbia":          Sound(.77, .72,  -7, .07, .28, .06, .84,  98, 3.7),
        "Reggaeton":       Sound(.79, .76,  -5, .11, .14, .01, .64,  95, 3.5, .28),
        "Latin Alternative": Sound(.64, .66, -7, .06, .26, .05, .58, 112, 3.8, .06),
    },
}
# fmt: on

PARENT_OF = {child: parent for parent, children in GENRES.items() for child in children}

SOUNDS = {child: sound for children in GENRES.values() for child, sound in children.items()}
