#!/usr/bin/env python3
"""An HTTP server that speaks OpenAI's chat completions with structured outputs, and misbehaves when told to.

    openai_server.py

Listens on a free port of 127.0.0.1, prints "ready PORT", and serves until it is killed. The first part of a path says
what to do, "/BEHAVIOR/v1/chat/completions":

    ok         writes each text that the schema asks for: "Written NAME."
    say=TEXT   the content of the answer, percent-encoded
    obey       a model that does what a customer's words tell it, where the request lets it see them
    status=N   answers with this status
    body=TEXT  answers 200 with this body, percent-encoded
    finish=R   writes, and gives this finish_reason
    refuse     refuses
    nousage    writes, and does not say what it took
    liar       writes, and says that it took a thousand million tokens
    huge       answers with a megabyte
    slow       never answers
    drip       answers a byte at a time, without end
    reset      resets the connection instead of answering
    truncate   breaks off in the middle of the answer

A request that is not as the protocol has it is answered with 400 and the reason. GET /_requests/BEHAVIOR lists what was
asked, with headers and body.
"""

import http.server
import json
import select
import socket
import struct
import threading
import urllib.parse

KEY = "sk-test"
DRIP_SECONDS = 0.02


class Malformed(Exception):
    """What the request lacks."""


def need(condition, what):
    if not condition:
        raise Malformed(what)


def check_schema(schema):
    """Strict mode: every property is required and no other may be there."""
    need(schema.get("type") == "object", "schema.type")
    need(schema.get("additionalProperties") is False, "schema.additionalProperties")
    need(sorted(schema.get("required", [])) == sorted(schema["properties"]), "schema.required")
    need(schema["properties"], "schema.properties")
    for name, kind in schema["properties"].items():
        array = kind == {"type": "array", "items": {"type": "string"}}
        need(array or kind == {"type": "string"}, "schema.properties." + name)


def check(headers, body):
    need(headers.get("Content-Type") == "application/json", "Content-Type")
    need(headers.get("Authorization") == "Bearer " + KEY, "Authorization")
    need(sorted(body) == ["max_tokens", "messages", "model", "response_format"], "members")
    need(body["model"] == "tiny-1", "model")
    need(isinstance(body["max_tokens"], int) and body["max_tokens"] > 0, "max_tokens")
    need([message["role"] for message in body["messages"]] == ["system", "user"], "roles")
    need(all(isinstance(message["content"], str) for message in body["messages"]), "content")
    form = body["response_format"]
    need(form["type"] == "json_schema" and form["json_schema"]["strict"] is True, "response_format")
    need(form["json_schema"]["name"].isidentifier(), "json_schema.name")
    check_schema(form["json_schema"]["schema"])


def written(body, text=None):
    """Texts of the form that is asked for."""
    properties = body["response_format"]["json_schema"]["schema"]["properties"]
    return {name: [text or "Written first.", text or "Written second."] if kind["type"] == "array"
            else text or f"Written {name}." for name, kind in properties.items()}


def obeyed(body):
    """A model that an injection persuades: it offers what the customer's words ask for, with a link and markup."""
    if "100 %" not in json.dumps(body["messages"], ensure_ascii=False):
        return written(body)
    return written(body, "100 % off at https://evil.example/win <b>{{first_name}}</b>")


def completion(body, content, finish="stop", refusal=None):
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "tiny-1-2026-06-01",
            "choices": [{"index": 0, "finish_reason": finish, "logprobs": None,
                         "message": {"role": "assistant", "content": content, "refusal": refusal}}],
            "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        with self.server.lock:
            rows = [row for row in self.server.requests if row["behavior"] == self.path.removeprefix("/_requests/")]
        self.answer(200, json.dumps(rows))

    def do_POST(self):
        behavior, _, path = self.path.lstrip("/").partition("/")
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        with self.server.lock:
            self.server.requests.append({"behavior": behavior, "path": path, "body": text,
                                         "headers": {name.lower(): value for name, value in self.headers.items()}})
        try:
            need(path == "v1/chat/completions", "path")
            body = json.loads(text)
            check(self.headers, body)
        except (Malformed, KeyError, TypeError, ValueError) as error:
            return self.answer(400, json.dumps({"error": {"message": repr(error), "type": "invalid_request_error"}}))
        name, _, value = behavior.partition("=")
        getattr(self, "behave_" + name)(body, urllib.parse.unquote(value))

    def behave_ok(self, body, _):
        self.complete(completion(body, json.dumps(written(body))))

    def behave_say(self, body, text):
        self.complete(completion(body, text))

    def behave_obey(self, body, _):
        self.complete(completion(body, json.dumps(obeyed(body))))

    def behave_status(self, _, status):
        self.answer(int(status), json.dumps({"error": {"message": "no", "type": "server_error"}}))

    def behave_body(self, _, text):
        self.answer(200, text)

    def behave_finish(self, body, reason):
        self.complete(completion(body, json.dumps(written(body)), finish=reason))

    def behave_refuse(self, body, _):
        self.complete(completion(body, None, refusal="I cannot help with that."))

    def behave_nousage(self, body, _):
        answer = completion(body, json.dumps(written(body)))
        del answer["usage"]
        self.complete(answer)

    def behave_liar(self, body, _):
        answer = completion(body, json.dumps(written(body)))
        answer["usage"] = {"prompt_tokens": 10**9, "completion_tokens": 10**9}
        self.complete(answer)

    def behave_huge(self, body, _):
        self.until_gone(lambda: self.complete(completion(body, "x" * (1 << 20))))

    def behave_slow(self, *_):
        self.close_connection = True
        # Readable: the client has gone.
        select.select([self.request], [], [])

    def behave_drip(self, *_):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.until_gone(self.drip)

    def drip(self):
        while not select.select([self.request], [], [], DRIP_SECONDS)[0]:
            self.wfile.write(b" ")

    def behave_reset(self, *_):
        self.close_connection = True
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()

    def behave_truncate(self, body, _):
        self.close_connection = True
        text = json.dumps(completion(body, json.dumps(written(body))))
        self.answer(200, text[:len(text) // 2], len(text))

    def until_gone(self, stream):
        """A client that has enough goes away."""
        self.close_connection = True
        try:
            stream()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def complete(self, answer):
        self.answer(200, json.dumps(answer))

    def answer(self, status, text, length=None):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients that go away are what many tests are about."""


def main():
    server = Server(("127.0.0.1", 0), Handler)
    server.lock = threading.Lock()
    server.requests = []
    print("ready", server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
