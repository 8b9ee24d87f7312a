"""A build made for Agones, by a client generated from Agones' OpenAPI (PyPI: agones-python-sdk). Prints what it sees as JSON."""
import json
import sys

import agones_python_sdk as agones
from agones_python_sdk.api.sdk_api import SDKApi

sdk = SDKApi(agones.ApiClient(agones.Configuration(host=sys.argv[1])))
states = []


def see():
    server = sdk.get_game_server()
    states.append(server.status.state)
    return server


see()
sdk.ready(body={})
sdk.health(body={})
see()
sdk.set_label(body=agones.SdkKeyValue(key="map", value="dust"))
sdk.set_annotation(body=agones.SdkKeyValue(key="note", value="x"))
sdk.allocate(body={})
see()
sdk.reserve(body=agones.SdkDuration(seconds="60"))
server = see()
sdk.shutdown(body={})
see()
print(json.dumps({
    "states": states,
    "labels": server.object_meta.labels,
    "annotations": server.object_meta.annotations,
    "address": server.status.address,
    "port": server.status.ports[0].port,
    "players": server.status.players.capacity,
    "counter": server.status.counters["rooms"].count,
    "health": server.spec.health.period_seconds,
}))
