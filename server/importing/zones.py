"""The time zone of a place in the United States, by its state and, where a state has two, by where in it.

The borders between zones follow counties; a line of longitude or latitude comes close enough for towns with stores.
"""

from kernel.errors import InvalidInput

EASTERN, CENTRAL, MOUNTAIN, PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)
STATES = {
    EASTERN: "CT DC DE FL GA KY MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
    CENTRAL: "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    MOUNTAIN: "CO MT NM UT WY",
    PACIFIC: "CA NV OR WA",
    "America/Anchorage": "AK",
    "America/Boise": "ID",
    "America/Detroit": "MI",
    "America/Indiana/Indianapolis": "IN",
    "America/Phoenix": "AZ",
    "America/Puerto_Rico": "PR",
    "Pacific/Honolulu": "HI",
}
ZONES = {state: zone for zone, states in STATES.items() for state in states.split()}
WEST_OF = {  # degrees of longitude beyond which the other zone begins
    "FL": (-85.0, CENTRAL),
    "KY": (-86.3, CENTRAL),
    "KS": (-101.4, MOUNTAIN),
    "MI": (-87.6, "America/Menominee"),
    "ND": (-101.9, MOUNTAIN),
    "NE": (-101.4, MOUNTAIN),
    "SD": (-100.6, MOUNTAIN),
    "TX": (-104.9, MOUNTAIN),
}
EAST_OF = {"OR": (-118.2, "America/Boise"), "TN": (-85.4, EASTERN)}
PANHANDLE = 45.5  # degrees of latitude north of which Idaho keeps Pacific time
GARY, EVANSVILLE = 40.9, 38.6  # Indiana north of the one and south of the other, west of 86.7 degrees, keeps Central
WESTERN_INDIANA = -86.7


def zone(state: str, latitude: float, longitude: float) -> str:
    """The zone's name in the IANA database. Raises InvalidInput for what is no state."""
    if state not in ZONES:
        raise InvalidInput("state", f"{state[:40]!r} is no state")
    if state in WEST_OF and longitude < WEST_OF[state][0]:
        return WEST_OF[state][1]
    if state in EAST_OF and longitude > EAST_OF[state][0]:
        return EAST_OF[state][1]
    if state == "ID" and latitude > PANHANDLE:
        return PACIFIC
    if state == "IN" and longitude < WESTERN_INDIANA and not EVANSVILLE < latitude < GARY:
        return CENTRAL
    return ZONES[state]
