from __future__ import annotations

from stationmaster.core.incidents import Kind, State
from stationmaster.incidents import acknowledging, handling, opening, paging, records


def test_slice(office):
    desk = office.desk()
    rules = office.team.incidents
    wanted = opening.Wanted(key="run-1", severity="critical", impact="large", service="portal", kind=rules.kinds[0])
    story = opening.open_incident(desk, wanted, "amara")
    assert story.id == "cellxgene.incident/2024-03-12.1"
    assert opening.open_incident(office.desk(), wanted, "amara").id == story.id
    climbs = paging.climbs(desk, story)
    paging.page(desk, story, climbs[0])
    print([c.at for c in climbs])
    assert acknowledging.look_at_slack(desk, story) is None
    acknowledging.acknowledge(desk, story, office.team.people["amara"], "cli")
    story = records.story(desk, story.id)
    handling.write(desk, story, Kind.MITIGATED, "amara", "rolled back")
    handling.write(desk, story, Kind.RESOLVED, "amara", "fixed")
    story = records.story(desk, story.id)
    assert story.state is State.RESOLVED
    print(office.texts("ops"))
    print(office.slack.channel(office.team.channels["ops"].id).topic)
    assert 0
