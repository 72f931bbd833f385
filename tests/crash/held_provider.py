#!/usr/bin/env python3
"""A provider that takes messages and holds its answers until it is told to give them.

Listens on a free port of 127.0.0.1, prints "ready PORT", and serves until it is killed. What has come counts as taken,
also while the answer is held.

    POST /messages                      a webhook that knows a message by its Idempotency-Key: 200
    POST .../Messages.json              Twilio's, which takes what it gets for new: 201
    POST /_release                      gives the answers, those to come too
    GET  /_arrived/N, GET /_answered/N  wait until N messages have come, or the answers to N have been read
    GET  /_messages                     a JSON list of {key, body}, in order
"""

import http.server
import json
import threading


class Held:
    def __init__(self):
        self.changed = threading.Condition()
        self.messages = []
        self.answered = 0
        self.released = False

    def take(self, message):
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.released)

    def release(self):
        with self.changed:
            self.released = True
            self.changed.notify_all()

    def count_answered(self):
        with self.changed:
            self.answered += 1
            self.changed.notify_all()

    def wait(self, condition):
        with self.changed:
            self.changed.wait_for(condition)


HELD = Held()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        words = self.path.split("/")
        if words[1] == "_arrived":
            HELD.wait(lambda: len(HELD.messages) >= int(words[2]))
        elif words[1] == "_answered":
            HELD.wait(lambda: HELD.answered >= int(words[2]))
        self.answer(200, HELD.messages)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        if self.path == "/_release":
            HELD.release()
            self.answer(200, {})
            return
        HELD.take({"key": self.headers.get("Idempotency-Key", ""), "body": body})
        try:
            if self.path == "/messages":
                self.answer(200, {})
            else:
                self.answer(201, {"sid": f"SM{len(HELD.messages):032x}", "status": "queued"})
            # Whoever has read a whole answer after which the connection ends, ends it.
            if self.rfile.read(1) == b"":
                HELD.count_answered()
        except OSError:
            pass  # Killed before the answer.

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Handler)
print("ready", server.server_address[1], flush=True)
server.serve_forever()
