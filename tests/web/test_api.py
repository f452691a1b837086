"""The JSON API, tried with everything its own description allows and forbids."""

from collections import defaultdict
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.support.site import Reader, Site

EXAMPLES = 12  # of each operation
PUBLIC = {"GET /api/session", "POST /api/session", "POST /api/commands/stop", "POST /api/commands/quieter"}
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]


def answers(here: Site, headers: dict[str, str]) -> dict[str, set[int]]:
    """Status codes of every operation."""
    base = f"http://127.0.0.1:{here.port}"
    schema = schemathesis.openapi.from_url(f"{base}/api/openapi.json")
    seen: dict[str, set[int]] = defaultdict(set)

    def try_out(case: Any) -> None:
        response = case.call(base_url=base, headers=headers)
        seen[case.operation.label].add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        fuzz = given(case=result.ok().as_strategy())(try_out)
        settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )(fuzz)()
    return dict(seen)


def test_staff_reach_every_operation_and_nothing_breaks(here: Site, reader: Reader) -> None:
    token = str(reader.get("/api/session").data["token"])
    seen = answers(here, {"Cookie": f"lull={reader.cookies['lull']}", "X-Lull-Token": token})
    reached = [label for label, codes in seen.items() if 200 in codes]
    assert len(seen) > 15
    print(f"{len(reached)} of {len(seen)} operations done")
    house = {
        "GET /api/music",
        "GET /api/music/scan",
        "POST /api/music/love",
        "GET /api/setup",
        "POST /api/setup",
    }
    assert house <= set(reached)
    assert len(reached) >= 0.8 * len(seen), set(seen) - set(reached)


def test_a_stranger_reaches_nothing_but_the_public_part(network: Site) -> None:
    seen = answers(network, {})
    open_to_all = {label for label, codes in seen.items() if 200 in codes}
    assert open_to_all <= PUBLIC
    assert all(codes <= {401} for label, codes in seen.items() if label not in PUBLIC)
    assert {command.verb for command in network.commands} <= {"stop", "quieter"}


def test_a_program_signs_in_with_the_pin(network: Site, stranger: Reader) -> None:
    json = {"Content-Type": "application/json", "Accept": "application/json"}
    entered = stranger.ask("POST", "/api/session", b'{"pin": "%s"}' % network.keys.pin.encode(), json)
    token = str(entered.data["token"])
    done = stranger.ask("POST", "/api/commands/calm", b"{}", {**json, "X-Lull-Token": token})
    assert done.data["ok"]
    assert stranger.ask("POST", "/api/commands/calm", b"{}", json).status == 403
    assert [command.verb for command in network.commands] == ["calm"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"rating": 2}', b'{"rating": 1, "x": 1}', b"\xff"])
def test_a_body_that_is_not_what_it_should_be(here: Site, reader: Reader, body: bytes) -> None:
    token = str(reader.get("/api/session").data["token"])
    headers = {"Content-Type": "application/json", "X-Lull-Token": token, "Accept": "application/json"}
    assert reader.ask("POST", "/api/feedback", body, headers).status == 400
    assert not here.feedback
