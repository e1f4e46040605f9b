"""GET /api/custom-lookups/list (R35)."""


def rows(api, **query):
    answer = api.get("/api/custom-lookups/list", {"limit": 100, **query})
    assert answer.status_code == 200
    return answer.json()["data"]


def test_the_seeded_values_have_fixed_ids(api, outsider_api):
    for client in (api, outsider_api):
        for kind, names in (
            ("status", ["New", "Contacted", "Qualified", "Unqualified", "Won", "Lost"]),
            ("priority", ["Low", "Medium", "High", "Urgent"]),
            ("source", ["Website", "Referral", "LinkedIn", "Email", "Direct"]),
            ("tags", []),
        ):
            found = rows(client, type=kind, order_in="asc")
            assert [(row["id"], row["name"], row["is_system"], row["is_active"]) for row in found] == [
                (n, name, True, 1) for n, name in enumerate(names, 1)
            ]
            assert {row["module_name"] for row in found} <= {"lead"}


def test_other_names_of_source_and_tags(api):
    assert rows(api, type="lead_source") == rows(api, type="source") == rows(api, type="SOURCE")
    api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tag", "name": "Hot"})
    assert [row["type"] for row in rows(api, type="tag")] == [row["type"] for row in rows(api, type="tags")] == ["tags"]


def test_filters(api):
    parent = api.post("/api/custom-lookups/add", {"module_name": "contact", "type": "region", "name": "Europe"}).json()["data"]
    child = api.post(
        "/api/custom-lookups/add", {"module_name": "contact", "type": "region", "name": "Spain", "parent_id": parent["id"]}
    ).json()["data"]
    assert child["parent_id"] == parent["id"]
    assert rows(api, module_name="CONTACT", parent_id=parent["id"]) == [child]
    assert [row["id"] for row in rows(api, module_name="contact")] == [child["id"], parent["id"]]
    api.post(f"/api/custom-lookups/update/{child['id']}", {"is_active": 0})
    assert [row["id"] for row in rows(api, type="region", is_active="false")] == [child["id"]]
    assert [row["id"] for row in rows(api, type="region", is_active=1)] == [parent["id"]]
    assert [row["name"] for row in rows(api, search_value="spa")] == ["Spain"]
