from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from datasources.records.listening import counts_as_play
from gateway.sample.catalogue import Catalogue, both_levels
from gateway.sample.listening import make_listens, make_now_playing

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def test_listens_lie_in_the_year_before_now(sample: Catalogue) -> None:
    for now in (NOW, NOW.replace(hour=0, minute=0, second=5), NOW.replace(hour=23, minute=59)):
        playing, before = make_now_playing(sample, now)
        listens = make_listens(sample, now) + before
        assert 19_900 <= len(listens) <= 20_100
        assert max(one.listened_at for one in listens) <= now
        assert min(one.listened_at for one in listens) >= now - timedelta(days=365)
        natural = {(one.user_id, one.track_id, one.listened_at) for one in listens}
        assert len(natural) == len(listens)
        assert len(playing) == 5
        assert all(one.started_at < now and one.expires_s > 60 for one in playing)


def test_nobody_plays_two_things_at_once(sample: Catalogue) -> None:
    _, before = make_now_playing(sample, NOW)
    listens = sorted(
        make_listens(sample, NOW) + before, key=lambda one: (one.user_id, one.listened_at)
    )
    for one, following in pairwise(listens):
        if one.user_id == following.user_id:
            ended = one.listened_at + timedelta(milliseconds=one.ms_played - 999)
            assert following.listened_at >= ended


def test_plays_count_as_the_rules_say(sample: Catalogue) -> None:
    lengths = {track.record.id: track.record.duration_ms for track in sample.tracks}
    listens = make_listens(sample, NOW)
    for one in listens:
        assert one.counted == counts_as_play(lengths[one.track_id], one.ms_played)
    skipped = sum(not one.counted for one in listens) / len(listens)
    assert 0.02 < skipped < 0.15


def test_people_have_taste(sample: Catalogue) -> None:
    listens = make_listens(sample, NOW)
    likes = {person.record.id: set(person.likes) for person in sample.people}
    genres = {track.record.id: set(both_levels(track)) for track in sample.tracks}
    liked = sum(not likes[one.user_id].isdisjoint(genres[one.track_id]) for one in listens)
    assert 0.85 < liked / len(listens) < 1
    plays = Counter((one.user_id, one.track_id) for one in listens)
    assert max(plays.values()) >= 20
    assert {one.client for one in listens} == {"ios", "web", "desktop"}


def test_evenings_are_for_music(sample: Catalogue) -> None:
    hours = Counter(one.listened_at.hour for one in make_listens(sample, NOW))
    evening = sum(hours[hour] for hour in range(18, 24))
    assert evening > sum(hours.values()) / 2
