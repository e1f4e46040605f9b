"""POST /api/lead/add"""

JANE = {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example"}


def test_answers_in_the_envelope(api):
    answer = api.post("/api/lead/add", JANE)
    assert (answer.status_code, answer.json()["message"]) == (201, "Lead created successfully")
    shown = answer.json()["data"]
    assert (shown["priority_text"], shown["created_at"][-5:-4], shown["created_at"][-1]) == ("Medium", ".", "Z")
