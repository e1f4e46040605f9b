"""Posting leads to a running server: keep-alive connections, several at once, each row answered once and never twice.

A row carries an Idempotency-Key, so a repeat after a lost answer gets the first answer again. Passing trouble (no
connection, 429, 502-504, 409 with Retry-After) is waited out; what a row itself causes comes back as its `Answer`.
"""

import http.client
import json
import queue
import random
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATH = "/api/v1/lead"
TIMEOUT = 30  # seconds a server may take for one row
QUEUE = 32  # rows that wait for one connection: enough to keep it busy, little memory
ANSWER_LIMIT = 1 << 20
PASSING = (429, 502, 503, 504)
TRIES_500 = 3


@dataclass(frozen=True)
class Parcel:
    """One row to send. Rows with the same `lane` are sent one after the other, in the file's order."""

    number: int
    body: bytes
    key: str
    lane: str
    values: dict[str, str]


@dataclass(frozen=True)
class Answer:
    status: int
    payload: dict[str, Any]
    headers: Any
    replayed: bool = False

    def reason(self):
        """Status, message and the names of the fields at fault, in one line."""
        error = _dict(self.payload.get("error"))
        message = str(error.get("message") or http.client.responses.get(self.status, "refused"))
        parts = [f"{self.status} {message}"]
        if unnamed := [name for name in _dict(error.get("fields")) if name not in message]:
            parts.append(f"fields: {', '.join(unnamed)}")
        details = error | _dict(error.get("details"))
        parts += [f"{name}: {details[name]}" for name in ("lead_id", "lead_ids") if details.get(name)]
        return " | ".join(parts)


class DeliveryError(Exception):
    """No use in going on: the message says why and what to do."""


class Endpoint:
    """One keep-alive connection to `POST /api/v1/lead`. Not for use by two threads at once."""

    def __init__(self, url, api_key):
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is not an http or https address.")
        base = parts.path.rstrip("/")
        self.path = base if base.endswith(PATH) else base + PATH
        self.address = f"{parts.scheme}://{parts.netloc}{self.path}"
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection = kind(parts.hostname, parts.port, timeout=TIMEOUT)
        self.headers = {
            "x-api-key": api_key,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "lio-push-leads",
        }

    def post(self, parcel):
        """The server's `Answer`. Raises OSError or HTTPException when none came; the next call connects anew."""
        try:
            self.connection.request("POST", self.path, parcel.body, self.headers | {"Idempotency-Key": parcel.key})
            response = self.connection.getresponse()
            raw = response.read(ANSWER_LIMIT)
            if not response.isclosed():  # an answer beyond the limit: what is left of it would spoil the next
                self.connection.close()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        try:
            payload = json.loads(raw)
        except ValueError:
            payload = {}
        replayed = response.headers.get("Idempotent-Replayed", "").lower() == "true"
        return Answer(response.status, payload if isinstance(payload, dict) else {}, response.headers, replayed)

    def close(self):
        self.connection.close()


class Delivery:
    """Sends parcels over `concurrency` connections and hands each answer to `on_answer(parcel, answer)`.

        with Delivery(url, key, on_answer=...) as delivery:
            for ...: delivery.put(parcel)

    `on_answer` and `on_wait(seconds, why)` are called one at a time. A row that gets no answer for `patience` seconds
    stops everything: `put` and leaving the block then raise `DeliveryError`.
    """

    def __init__(self, url, api_key, *, on_answer, on_wait=None, concurrency=4, patience=300.0):
        self.on_answer: Callable[[Parcel, Answer], None] = on_answer
        self.on_wait = on_wait or (lambda seconds, why: None)
        self.patience = patience
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.failure: BaseException | None = None
        self.resume_at = 0.0  # monotonic time before which nothing is sent
        self.lanes: list[queue.Queue[Parcel | None]] = [queue.Queue(QUEUE) for _ in range(concurrency)]
        self.threads = [
            threading.Thread(target=self._work, args=(lane, Endpoint(url, api_key)), daemon=True) for lane in self.lanes
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, error, traceback):
        if kind:
            self.stopped.set()
        for lane in self.lanes:
            self._offer(lane, None)
        for thread in self.threads:
            thread.join()
        if self.failure and not kind:
            raise self.failure

    def put(self, parcel):
        """Queue a row; waits while its connection is busy."""
        self._offer(self.lanes[zlib.crc32(parcel.lane.encode()) % len(self.lanes)], parcel)
        if self.failure:
            raise self.failure

    def _offer(self, lane, parcel):
        while not self.stopped.is_set():
            try:
                return lane.put(parcel, timeout=0.2)
            except queue.Full:
                continue

    def _work(self, lane, endpoint):
        try:
            while not self.stopped.is_set():
                try:
                    parcel = lane.get(timeout=0.2)
                except queue.Empty:
                    continue
                if parcel is None:
                    return
                answer = self._deliver(parcel, endpoint)
                if answer:
                    with self.lock:
                        self.on_answer(parcel, answer)
        except BaseException as error:  # whatever it is, the main thread must hear of it
            with self.lock:
                self.failure = self.failure or error
            self.stopped.set()
        finally:
            endpoint.close()

    def _deliver(self, parcel, endpoint):
        """The answer that settles a row; None when the delivery was stopped meanwhile."""
        started, tries = None, 0
        while self._wait_for_turn():
            started = started or time.monotonic()
            tries += 1
            try:
                answer, why = endpoint.post(parcel), ""
            except (OSError, http.client.HTTPException) as error:
                answer, why = None, f"no answer from {endpoint.address} ({_say(error)})"
            if answer:
                self._check(answer, endpoint)
                if not self._is_passing(answer, tries):
                    return answer
                why = f"the server answers {answer.reason()}"
            pause = self._pause(answer, tries)
            if time.monotonic() + pause - started > self.patience:
                raise DeliveryError(f"Row {parcel.number} could not be delivered: {why}.")
            if pause:
                with self.lock:
                    self.on_wait(pause, why)
                    if answer:  # it asks all of us to slow down, not this row alone
                        self.resume_at = max(self.resume_at, time.monotonic() + pause)
                self.stopped.wait(0 if answer else pause)
        return None

    def _wait_for_turn(self):
        while not self.stopped.is_set():
            pause = self.resume_at - time.monotonic()
            if pause <= 0:
                return True
            self.stopped.wait(pause)
        return False

    @staticmethod
    def _is_passing(answer, tries):
        in_progress = answer.status == 409 and answer.headers.get("Retry-After")  # an earlier try still runs
        # A 500 without our envelope is a server that has not come up; one with it may be this row's own.
        broken = answer.status == 500 and (tries < TRIES_500 or not answer.payload.get("error"))
        return answer.status in PASSING or in_progress or broken

    @staticmethod
    def _pause(answer, tries):
        """Seconds to wait: what the server asks for, else twice as long each time; the first reconnect is immediate."""
        asked = answer.headers.get("Retry-After", "") if answer else ""
        if asked.isdigit():
            return float(asked)
        if answer is None and tries == 1:  # a kept connection that the server has closed
            return 0.0
        return min(30.0, 0.5 * 2 ** min(tries - 1, 10)) * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries

    @staticmethod
    def _check(answer, endpoint):
        """Raise `DeliveryError` for answers that every other row would get too."""
        status = answer.status
        if status in (401, 403):
            raise DeliveryError(f"The server does not take the API key: {answer.reason()}.")
        if 300 <= status < 400:
            there = answer.headers.get("Location", "that address")
            raise DeliveryError(f"{endpoint.address} leads elsewhere: use --url with {there}.")
        if status in (404, 405) or (200 <= status < 300 and answer.payload.get("success") is not True):
            raise DeliveryError(f"{endpoint.address} does not answer like LIO (status {status}): check --url.")


def _say(error):
    return str(error) or type(error).__name__


def _dict(value):
    return value if isinstance(value, dict) else {}
