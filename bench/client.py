"""The load: a closed loop over keep-alive connections, in a process of its own (`python -m bench.client`).

One JSON line in is one run, one JSON line out its result. A run is {port, clients, seconds} with either `requests` (raw HTTP
requests, taken in turn) or `leads` (a head and what the bodies are made of; each lead is new but for every fiftieth).
"""

import json
import selectors
import socket
import sys
from itertools import cycle
from time import perf_counter

DUPLICATE_EVERY = 50
BROWSER = b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FIRST, LAST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald"), ("Lovelace", "Hopper", "Turing", "Liskov", "Knuth")


def leads(head, run, companies):
    """Raw requests that push one lead each; every fiftieth is one that was pushed before."""
    n = 0
    while True:
        n += 1
        number = n - 40 if n % DUPLICATE_EVERY == 0 else n
        body = {
            "first_name": FIRST[number % 6], "last_name": LAST[number % 5], "email": f"{run}-{number}@new.example",
            "phone_number": f"+49{1500000000 + number}", "company": companies[number % len(companies)],
            "job_title": "Head of Sales", "lead_source": 1 + number % 5,
            "custom_fields": {"campaign": f"autumn-{number % 9}", "seats": number % 300},
        }
        if number % 10 < 3:
            body["linkedin_url"] = f"https://www.linkedin.com/in/{run}-{number}"
        text = json.dumps(body).encode()
        yield b"%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (head.encode(), len(text), text)


def hits(head, stamp, first):
    """Raw requests for the pictures of mails, each with a token of its own from number `first` on (bench/data.py: TOKENS)."""
    n = first
    while True:
        yield b"%s%s%024d HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: %s\r\n\r\n" % (head.encode(), stamp.encode(), n, BROWSER)
        n += 1


class Connection:
    """One client: sends a request, collects the answer."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received, self.wanted, self.sent_at = b"", None, 0.0

    def send(self, request):
        self.received, self.wanted = b"", None
        self.sent_at = perf_counter()
        self.socket.sendall(request)

    def receive(self):
        """Status of the answer once all of it is there, else None. Raises ConnectionError when the server hangs up."""
        part = self.socket.recv(262144)
        if not part:
            raise ConnectionError("The server closed the connection.")
        self.received += part
        if self.wanted is None:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return None
            head = self.received[:end].lower()
            at = head.find(b"content-length:")
            self.wanted = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
        return int(self.received[9:12]) if len(self.received) >= self.wanted else None


def run(spec):
    if "leads" in spec:
        requests = leads(**spec["leads"])
    elif "hits" in spec:
        requests = hits(**spec["hits"])
    else:
        requests = cycle([one.encode() for one in spec["requests"]])
    selector, taken, statuses, size = selectors.DefaultSelector(), [], {}, 0
    connections = [Connection(spec["port"]) for _ in range(spec["clients"])]
    began = perf_counter()
    end = began + spec["seconds"]
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(next(requests))
    busy = len(connections)
    while busy:
        for ready, _ in selector.select():
            connection = ready.data
            status = connection.receive()
            if status is None:
                continue
            moment = perf_counter()
            taken.append(moment - connection.sent_at)
            statuses[status] = statuses.get(status, 0) + 1
            size = len(connection.received)
            if moment < end:
                connection.send(next(requests))
            else:
                busy -= 1
                selector.unregister(connection.socket)
                connection.socket.close()
    seconds = perf_counter() - began
    taken.sort()
    at = {name: round(taken[min(len(taken) - 1, int(len(taken) * part))] * 1000, 3)
          for name, part in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
    return {"count": len(taken), "rate": round(len(taken) / seconds, 2), **at, "statuses": statuses, "bytes": size}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
