"""The words that all names of the sample are made of. In {braces}: one word of that list."""

# fmt: off
WORDS: dict[str, tuple[str, ...]] = {
    "adj": (
        "Amber", "Brittle", "Candid", "Crooked", "Distant", "Drowsy", "Earnest", "Feral", "Gilded",
        "Hollow", "Idle", "Jagged", "Lacquered", "Lonesome", "Marbled", "Mild", "Nocturnal",
        "Ochre", "Paper", "Patient", "Restless", "Rusted", "Salted", "Second-Hand", "Silken",
        "Slanted", "Sleepless", "Soft-Spoken", "Tangled", "Tender", "Threadbare", "Unlit",
        "Untidy", "Velvet", "Wandering", "Weathered", "Winter", "Woolen", "Zinc",
    ),
    "noun": (
        "Almanac", "Anchor", "Antenna", "Aviary", "Balcony", "Barometer", "Beacon", "Bramble",
        "Cartographer", "Causeway", "Chandelier", "Compass", "Copper", "Cradle", "Curfew", "Delta",
        "Driftwood", "Ember", "Estuary", "Ferry", "Fathom", "Foxglove", "Gasworks", "Glacier",
        "Greenhouse", "Harbour", "Hinterland", "Inkwell", "Isthmus", "Kerosene", "Kite", "Ladder",
        "Lantern", "Lighthouse", "Magnolia", "Meridian", "Milkweed", "Monsoon", "Nettle",
        "Observatory", "Orchard", "Paraffin", "Pavilion", "Pendulum", "Quarry", "Quicksilver",
        "Reservoir", "Saltmarsh", "Semaphore", "Signal", "Skylight", "Sparrow", "Static", "Tide",
        "Tinder", "Trellis", "Undertow", "Viaduct", "Weathervane", "Willow", "Windowsill", "Yarrow",
    ),
    "nouns": (
        "Almanacs", "Anchors", "Antennas", "Balconies", "Barometers", "Brambles", "Cartographers",
        "Chandeliers", "Curfews", "Embers", "Ferries", "Foxgloves", "Glaciers", "Harbours",
        "Herons", "Kites", "Ladders", "Lanterns", "Lighthouses", "Magpies", "Meridians", "Monsoons",
        "Nettles", "Orchards", "Pendulums", "Quarries", "Semaphores", "Skylights", "Starlings",
        "Tides", "Trellises", "Viaducts", "Weathervanes", "Windowsills",
    ),
    "verb": (
        "Borrow", "Carry", "Follow", "Forget", "Hurry", "Mend", "Mistake", "Outrun", "Promise",
        "Remember", "Rewind", "Unravel", "Wait for", "Whisper to", "Wake",
    ),
    "doing": (
        "Borrowing", "Carrying", "Chasing", "Counting", "Drawing", "Forgetting", "Mending",
        "Outrunning", "Painting", "Rewinding", "Sailing Past", "Spelling", "Unpacking", "Watching",
    ),
    "place": (
        "Aldermere", "Brinmouth", "Calder Street", "Dunmarrow", "East Quay", "Fennick", "Gallowby",
        "Harrowgate Lane", "Kestrel Park", "Lower Tarn", "Marrow Hill", "North Pier", "Old Tessaly",
        "Port Wexley", "Quillon Bay", "Saint-Aubrey", "Tollund", "Vesper Row", "Whitlock",
    ),
    "time": (
        "Sunday", "Half Past Four", "November", "Late August", "Tomorrow Night",
        "the Blue Hour", "New Year's Morning", "Last Orders", "Twenty to Nine", "Wednesday", "Dusk",
    ),
    "first": (
        "Adélie", "Ansel", "Bettina", "Cato", "Célestine", "Cyrus", "Dagny", "Delphine", "Eamon",
        "Eilidh", "Fenna", "Florián", "Gudrun", "Hélio", "Henrike", "Imogen", "Iñaki", "Ismay",
        "Jasper", "Jørgen", "Kamila", "Leopold", "Linnéa", "Lucinda", "Maëlle", "Marguerite",
        "Niamh", "Noor", "Odalys", "Orsolya", "Pádraig", "Quincy", "Rosalba", "Rune", "Saskia",
        "Søren", "Tamsin", "Thaddeus", "Ulyana", "Verity", "Wilhelmina", "Xiomara", "Yusra", "Zoë",
    ),
    "last": (
        "Abernott", "Ashgrove-Lund", "Beaumarais", "Bellweather", "Brandvík", "Castellane-Roy",
        "D'Ambray", "Dunmarrow", "Eldergate", "Fairbourne", "Fjellstrøm", "Garrowby", "Halvarsen",
        "Hinterberg", "Ibarguren", "Jarnefeldt", "Kowalewicz", "Lachapelle-Wren", "Lindqvåg",
        "MacTavenish", "Moncrieffe", "Nørregård", "O'Brannigan", "O'Hallorick", "Ōtsubara",
        "Pemberly", "Quillfeather", "Ravensholt", "Saint-Cyrille", "Sandoval-Reyes", "Tarkovnik",
        "Thistlewood", "Ulvaeng", "Vandermolen", "Villaseñora", "Wexcombe", "Wójtarek", "Yarbury",
        "Zábranský", "Østvold",
    ),
    "metal": (
        "Grävmörk", "Ironwake", "Skürge", "Völund's Hammer", "Ashen Tribunal", "Blackened Choir",
        "Wörmgate", "Crypt Ordinance", "Hëllmarrow", "Obsidian Psalter", "Rötvald", "Thrönegrave",
        "Gallows Meridian", "Nine Wolves Deep", "Doomwright", "Karst", "Bärsark Hymn", "Ulfsgrav",
    ),
    "machine": (
        "Axis", "Binary", "Carrier", "Cathode", "Diode", "Drift", "Feedback", "Flux", "Glide",
        "Grid", "Impulse", "Kilohertz", "Lattice", "Modul", "Null", "Oscillate", "Phase", "Pulse",
        "Relay", "Resonator", "Sawtooth", "Sequence", "Sine", "Subsurface", "Tangent", "Vector",
    ),
    "street": (
        "Cadence", "Cipher", "Dollar", "Fable", "Gambit", "Halo", "Jett", "Kilo", "Ledger", "Marz",
        "Nomad", "Onyx", "Parable", "Quota", "Rook", "Saffron", "Slate", "Tempo", "Verse", "Zephyr",
    ),
    "es": (
        "Agua", "Azúcar", "Camino", "Canela", "Ceniza", "Corazón", "Cumbre", "Duende", "Espuma",
        "Faro", "Fiebre", "Jazmín", "Luciérnaga", "Lluvia", "Mañana", "Marea", "Naranjo", "Niebla",
        "Otoño", "Papel", "Puerto", "Relámpago", "Sal", "Sombra", "Tormenta", "Vereda", "Viento",
    ),
    "pt": (
        "Açaí", "Amanhã", "Baía", "Brisa", "Canção", "Estação", "Garoa", "Ilha", "Janela", "Luar",
        "Maré", "Neblina", "Orvalho", "Paixão", "Quintal", "Saudade", "Serra", "Varanda", "Verão",
    ),
    "colectivo": (
        "Cóndores", "Navegantes", "Hermanos Ibarguren", "Vecinos", "Relojeros", "Faroleros",
        "Pájaros de Barro", "Equilibristas", "Jardineros", "Tranvías",
    ),
    "mood": (
        "Slow", "Late-Night", "Golden-Hour", "Rainy-Day", "Sunday", "Headphone", "Kitchen",
        "Winter", "After-Work", "Early", "Deep", "Easy", "Backyard", "Long-Drive",
    ),
    "occasion": (
        "the Last Train Home", "Washing Up", "a Long Run", "People Who Can't Sleep", "the Garden",
        "Writing Letters", "Cooking for Six", "Rainy Windows", "Moving House", "Deadlines",
        "an Empty Motorway", "the First Coffee",
    ),
}
# fmt: on

ARTISTS: dict[str, tuple[str, ...]] = {
    "Rock": ("The {adj} {nouns}", "{noun} {noun}", "The {nouns}", "{adj} {noun}", "{place}"),
    "Heavy Metal": ("{metal}",),
    "Pop": ("{first} {last}", "{first}", "{noun} & the {nouns}", "{adj} {noun}", "{first} {last}"),
    "Electronic": (
        "{machine} {machine}",
        "DJ {first}",
        "{machine} {noun}",
        "{first} {last}",
        "{machine}-{machine}",
    ),
    "Hip-Hop": (
        "MC {street}",
        "Lil' {street}",
        "{street} the {noun}",
        "{first} {street}",
        "Young {street}",
        "{street} & {street}",
    ),
    "R&B": ("{first} {last}", "{first}", "{first} & the {nouns}", "The {adj} {nouns}"),
    "Jazz": ("{first} {last} Quartet", "{first} {last}", "{first} {last} Trio", "The {place} Five"),
    "Folk": ("{first} {last}", "{first} & {first}", "The {place} Ramblers", "{adj} {noun}"),
    "Latin": ("{first} {last}", "Los {colectivo}", "{es} y {es}", "Orquesta {es}", "{pt} {pt}"),
}
"""How artists of a genre are called; a child genre comes before its parent."""

FAMOUS: tuple[tuple[str, str], ...] = (
    ("Beyondé", "Dance Pop"),
    ("Mörkhald", "Heavy Metal"),
    ("Sólrún Fjörd", "Post-Rock"),
    ("J-Zephyr", "Boom Bap"),
    ("Don't Tell Marguerite", "Indie Rock"),
    ("L'Heure Opaline", "Chamber Pop"),
    ("R.A.I.N.E.", "Techno"),
    ("Los Años de Niebla", "Latin Alternative"),
    ("Åsa Nørregård-Vale", "Dream Pop"),
    ("Łódź Østvold & Daughters", "Indie Folk"),
    ("The O'Hallorick Sisters", "Bluegrass"),
    ("Straßenlicht Neun", "House"),
)
"""The most popular artists, and the genre of each. Their spelling makes search worth trying."""

ALBUMS: tuple[str, ...] = (
    "{adj} {noun}",
    "{adj} {nouns}",
    "The {noun} Year",
    "{place}, {time}",
    "{doing} {nouns}",
    "Letters from {place}",
    "{noun} / {noun}",
    "Nobody's {noun}",
    "Songs for a {adj} {noun}",
    "A {noun} in {place}",
)

TRACKS: dict[str, tuple[str, ...]] = {
    "": (
        "{adj} {noun}",
        "Every {noun}",
        "Two {nouns}",
        "{doing} the {noun}",
        "{doing} {nouns}",
        "Don't {verb} the {noun}",
        "I'll {verb} You by {time}",
        "{time} in {place}",
        "Back to {place}",
        "No More {nouns}",
        "{noun} & {noun}",
        "You Can't {verb} {first}",
        "{first}'s {noun}",
        "What the {noun} Said",
        "{adj} {nouns} of {place}",
        "The {noun} Song",
    ),
    "Electronic": (
        "{machine} {noun}",
        "{machine} {machine}",
        "{noun} (Extended Mix)",
        "{place} 0{digit}:{digit}0",
        "{machine} {digit}.{digit}",
        "{adj} {machine}",
    ),
    "Hip-Hop": (
        "{street} Talk",
        "{adj} {street}",
        "{noun} Freestyle",
        "No {street}, No {street}",
        "{place} to {place}",
    ),
    "Jazz": (
        "{noun} Waltz",
        "Blues for {first}",
        "{first}'s {adj} Mood",
        "Meet Me in {place}",
        "{adj} Minor",
    ),
    "Latin": (
        "{es} y {es}",
        "{es} sin {es}",
        "{pt} e {pt}",
        "{es} de {es}",
        "Mi {es}",
        "{pt} de {pt}",
    ),
}
"""How tracks are called; those under "" in all genres."""

PLAYLISTS: tuple[str, ...] = (
    "{mood} {genre}",
    "{genre} for {occasion}",
    "{mood} {genre}: {time}",
    "{genre} from {place}",
    "{adj} {genre}",
    "{mood} {genre}, Vol. {digit}",
)

DESCRIPTIONS: tuple[str, ...] = (
    "{genre} for {occasion}, and whoever else is awake.",
    "What I play before {time}. Skip nothing.",
    "Everything here was found on the way to {place}.",
    "Updated on most {mood} evenings.",
    "Start anywhere; end with the last one.",
)

PEOPLE: tuple[tuple[str, str], ...] = (
    ("ada", "Ada Quillfeather"),
    ("bartek", "Bartłomiej W."),
    ("celeste_r", "Céleste Rambouillat"),
    ("DagnyPlays", "Dagny"),
    ("emeka", "Emeka Obiadi-Hart"),
    ("fjord_fan", "Sunniva Østvold"),
    ("gus", "Gus Moncrieffe"),
    ("hanako", "Hanako Ōtsubara"),
    ("ines", "Inês Varandas"),
    ("joost", "Joost Vandermolen"),
    ("kiri", "Kiri Te-Mahana"),
    ("liam_ob", "Liam O'Brannigan"),
    ("MiraPax", "Mira Pax"),
    ("nadia", "Nadia Belkacemi"),
    ("oskar", "Oskar Zábranský"),
    ("priya", "Priya Raghunathan"),
    ("quentin", "Quentin d'Ambray"),
    ("rosalba", "Rosalba Sandoval-Reyes"),
    ("siobhan", "Siobhán MacTavenish"),
    ("tomasz", "Tomasz Kowalewicz"),
    ("uma", "Uma"),
    ("valentin", "Valentin Lachapelle-Wren"),
    ("wren", "Wren Abernott"),
    ("xavi", "Xavi Ibarguren"),
    ("yusra", "Yusra Halabi"),
    ("zoe", "Zoë Thistlewood"),
    ("anselm", "Anselm Hinterberg"),
    ("bao", "Bảo Nguyên"),
    ("chidi", "Chidi Ezenwa"),
    ("dorothea", "Dorothea Pemberly"),
    ("eino", "Eino Järvelä"),
    ("freja", "Freja Nørregård"),
    ("gabor", "Gábor Szentkirályi"),
    ("hye_jin", "Hye-jin Seo"),
    ("ivo", "Ivo Marinkov"),
    ("june", "June Bellweather"),
    ("kwame", "Kwame Asantewa-Cole"),
    ("lotte", "Lotte Ravensholt"),
    ("milo", "Milo"),
    ("noor", "Noor el-Amrani"),
)
"""Handle and name of each person, the oldest account first."""
