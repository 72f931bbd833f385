"""Customers for the test, as campaignctl imports them."""

import json
import os

BOUGHT = "2026-01-05T09:00:00Z"


def customer(identity):
    return {"customer_id": identity, "first_name": "Ada", "locale": "en-US", "time_zone": "Europe/Berlin",
            "country": "DE", "currency_code": "USD", "signup_time": BOUGHT, "tags": ["person"],
            "contact_points": [{"channel": "CHANNEL_EMAIL", "address": f"{identity}@example.com"}]}


def purchase(identity):
    line = {"product_id": "book", "category": "books", "quantity": 1, "amount_minor": "1000"}
    return {"event_id": f"{identity}-1", "customer_id": identity, "event_time": BOUGHT,
            "purchase": {"order_id": identity, "lines": [line], "amount_minor": "1000"}}


def consent(identity):
    return {"customer_id": identity, "channel": "CHANNEL_EMAIL", "granted": True, "event_time": BOUGHT, "source": "form"}


def write_people(directory, count):
    """So many who bought once and agreed to e-mail."""
    identities = [f"person-{i:05}" for i in range(count)]
    for name, record in (("customers", customer), ("events", purchase), ("consents", consent)):
        with open(os.path.join(directory, name + ".jsonl"), "w", encoding="utf-8") as file:
            file.writelines(json.dumps(record(identity)) + "\n" for identity in identities)
