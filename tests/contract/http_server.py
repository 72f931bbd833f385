#!/usr/bin/env python3
"""An HTTP/1.1 server that speaks the providers' protocols, checks what it is asked, and misbehaves when told to.

    http_server.py [--cert PEM --key PEM] [--fcm-key MODULUS:EXPONENT]

Listens on a free port of 127.0.0.1, prints "ready PORT", and serves until it is killed. FCM_KEY is the public key that
signed tokens are checked with, both numbers in hexadecimal.

The first part of a path may say how the server misbehaves, as a list of name=value with commas: "/in=t1,fault=reset/rest".
    in=NAME           whose requests these are: /_requests?in=NAME and /_sent?in=NAME list only theirs
    times=N           the first N requests under these words misbehave, later ones not
    status=N          answers with this status and does nothing
    answer=TEXT       the body of that answer (percent-encoded)
    header-NAME=TEXT  a header of that answer (percent-encoded)
    fault=stall       does what it was asked, then never answers
    fault=reset       does what it was asked, then resets the connection without a byte
    fault=unread      resets the connection after the headers, before it reads the body
    fault=middle      does what it was asked, resets the connection in the middle of the answer's body
    fault=truncate    the same, with an orderly end
    fault=close       answers, then closes the connection without having said so
    fault=oversized   answers with 4 MiB
    fault=headers     answers with headers that do not end
    fault=chunked     answers in chunks
    fault=drip        answers with a byte every 20 ms, until the client has enough
    fault=interim     sends "103 Early Hints" before the answer
"""

import argparse
import http.server
import json
import select
import socket
import ssl
import struct
import threading
import urllib.parse

import providers

DRIP_SECONDS = 0.02


class State:
    """What has happened so far; shared by all connections."""

    def __init__(self):
        self.lock = threading.Condition()
        self.connections = {}
        self.closed = set()
        self.requests = []
        self.misbehaved = {}

    def open(self, request):
        with self.lock:
            self.connections[request] = len(self.connections) + 1
            return self.connections[request]

    def close(self, request):
        with self.lock:
            self.closed.add(self.connections[request])
            self.lock.notify_all()

    def await_closed(self, connection):
        with self.lock:
            self.lock.wait_for(lambda: connection in self.closed)

    def record(self, request):
        with self.lock:
            self.requests.append(request)

    def is_turn(self, words, times):
        """Whether one of the first `times` requests under these words."""
        with self.lock:
            count = self.misbehaved.get(words, 0) + 1
            self.misbehaved[words] = count
            return count <= times


def split_path(path):
    """The words of the first part, as text and as a dict, and the rest of the path."""
    first, _, rest = path.lstrip("/").partition("/")
    if "=" not in first or "?" in first:
        return "", {}, path
    pairs = (word.partition("=") for word in first.split(","))
    return first, {name: urllib.parse.unquote(value) for name, _, value in pairs}, "/" + rest


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else the answer's body waits for the acknowledgement of its headers.
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.connection_number = self.server.state.open(self.request)

    def log_message(self, *_):
        pass

    def do_any(self):
        words_text, words, path = split_path(self.path)
        if words and "times" in words and not self.server.state.is_turn(words_text, int(words["times"])):
            words = {"in": words.get("in", "")}
        fault = words.get("fault", "")
        if fault == "unread":
            self.record(words, path, None)
            return self.reset()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if path.startswith("/_"):
            return self.answer(200, json.dumps(self.listing(path)))
        self.record(words, path, body)
        if "status" in words:
            headers = {name.removeprefix("header-"): text for name, text in words.items() if name.startswith("header-")}
            return self.answer(int(words["status"]), words.get("answer", ""), headers)
        status, text, headers = self.ask_provider(words, path, body)
        getattr(self, "fault_" + fault if fault else "answer")(status, text, headers)

    do_GET = do_POST = do_PUT = do_HEAD = do_any

    def ask_provider(self, words, path, body):
        with self.server.state.lock:
            return self.server.providers.answer(words.get("in", ""), self.command, path, self.headers, body,
                                                self.connection_number)

    def record(self, words, path, body):
        self.server.state.record({"in": words.get("in", ""), "method": self.command, "path": path,
                                  "headers": {name.lower(): value for name, value in self.headers.items()},
                                  "body": None if body is None else body.decode("utf-8", "replace"),
                                  "connection": self.connection_number})

    def listing(self, path):
        url = urllib.parse.urlsplit(path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/_closed":
            return self.server.state.await_closed(int(query["connection"]))
        wanted = query.get("in", "")
        with self.server.state.lock:
            rows = self.server.state.requests if url.path == "/_requests" else self.server.providers.sent
            return [row for row in rows if row["in"] == wanted]

    def answer(self, status, text, headers=None, content_length=None):
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) if content_length is None else content_length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def reset(self):
        """Ends the connection with RST instead of FIN."""
        self.close_connection = True
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()

    def fault_stall(self, *_):
        self.close_connection = True
        select.select([self.request], [], [])

    def fault_reset(self, *_):
        self.reset()

    def fault_middle(self, status, text, headers):
        self.answer(status, text[:len(text) // 2], headers, content_length=len(text) + 10)
        self.wfile.flush()
        # Reset only once the client has what was sent: RST throws away what it has not read yet.
        self.wait_until_read()
        self.reset()

    def fault_truncate(self, status, text, headers):
        self.close_connection = True
        self.answer(status, text[:len(text) // 2], headers, content_length=len(text) + 10)

    def fault_close(self, status, text, headers):
        self.close_connection = True
        self.answer(status, text, headers)

    def fault_oversized(self, status, text, headers):
        self.stream_to_client(lambda: self.answer(status, "x" * (4 << 20), headers))

    def fault_headers(self, status, *_):
        self.send_response(status)
        self.stream_to_client(self.endless_headers)

    def endless_headers(self):
        while True:
            self.send_header("X-More", "x" * 1000)
            self.flush_headers()

    def fault_chunked(self, status, text, headers):
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        data = text.encode()
        for chunk in (data[:3], data[3:], b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def fault_drip(self, status, *_):
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        # Readable: the client has gone.
        while not select.select([self.request], [], [], DRIP_SECONDS)[0]:
            self.wfile.write(b"x")

    def fault_interim(self, status, text, headers):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX-Interim: yes\r\n\r\n")
        self.answer(status, text, headers)

    def stream_to_client(self, stream):
        """A client that has enough goes away."""
        self.close_connection = True
        try:
            stream()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def wait_until_read(self):
        """Until the client has acknowledged everything (SIOCOUTQ of linux/sockios.h counts what it has not)."""
        import fcntl
        while struct.unpack("i", fcntl.ioctl(self.request, 0x5411, b"\0" * 4))[0] > 0:
            select.select([], [], [], 0.001)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def shutdown_request(self, request):
        super().shutdown_request(request)
        self.state.close(request)

    def handle_error(self, request, client_address):
        """Clients that go away are what many tests are about."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--fcm-key", default="0:0")
    options = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    server.state = State()
    server.providers = providers.Providers(*(int(number, 16) for number in options.fcm_key.split(":")))
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
