"""A real SMTP server (aiosmtpd) on a free port of 127.0.0.1 that does what recipients' names and its flags ask for.

Prints "listening on PORT", then "connected" for each connection and "command VERB" for each command. An accepted message
becomes FOLDER/<recipient's local part>.eml, its bytes as they came, and .json, what Python's email package reads in it.

Recipients: "rcpt.550.5-1-1.x" is answered so at RCPT, "data.451" at DATA, "end.554.5-6-0" after the message, and so
for any code; a sender "mail.550" at MAIL. "drop-rcpt", "drop-data", "drop-354", "drop-within" and "drop-end" break the connection there,
"stall-rcpt", "stall-within" and "stall-end" keep it open and silent, "hang-up" accepts and closes the connection, and
"late-end" answers the message after 0.2 seconds. Exits with 77 where aiosmtpd is not installed.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import os
import socket
import ssl
import sys

try:
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope
except ImportError:
    print("aiosmtpd is not installed", flush=True)
    sys.exit(77)


def say(*words):
    print(*words, flush=True)


def reply_of(local_part, step):
    """The reply that a recipient asks for at a step; None: it does not."""
    words = local_part.split(".")
    if words[0] != step:
        return None
    status = words[2].replace("-", ".") + " " if len(words) > 2 and "-" in words[2] else ""
    return f"{words[1]} {status}as asked by <{local_part}@example.com>"


def read_back(content):
    message = email.message_from_bytes(content, policy=email.policy.default)
    parts = [part for part in message.walk() if not part.is_multipart()]
    defects = [str(defect) for part in message.walk() for defect in part.defects]
    defects += [str(defect) for value in message.values() for defect in value.defects]
    return {
        "headers": {name: str(value) for name, value in message.items()},
        "type": message.get_content_type(),
        "from_name": message["From"].addresses[0].display_name,
        "time": message["Date"].datetime.isoformat(),
        "parts": [[part.get_content_type(), part.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n")]
                  for part in parts],
        "defects": defects,
        "longest_line": max(len(line) for line in content.split(b"\r\n")),
        "bare_line_breaks": content.replace(b"\r\n", b"").count(b"\n") + content.replace(b"\r\n", b"").count(b"\r"),
    }


class Hooks:
    """What aiosmtpd leaves to others."""

    async def handle_RCPT(self, server, _session, _envelope, address, _options):
        return await server.on_rcpt(address)

    async def handle_DATA(self, server, _session, _envelope):
        return await server.on_message()


class Server(SMTP):
    """aiosmtpd's, which breaks off where it is asked to."""

    def __init__(self, options, **keywords):
        self.options = options
        self.messages = 0
        super().__init__(Hooks(), **keywords)

    async def _handle_client(self):
        if not self.options.quiet and not self._tls_protocol:
            say("connected")
        if self.options.greeting == "silence":
            await asyncio.Event().wait()
        if self.options.greeting == "drop":
            self.transport.abort()
            return
        if self.options.greeting:
            await self.push(self.options.greeting)
            self.transport.close()
            return
        await super()._handle_client()

    def recipient(self):
        return self.envelope.rcpt_tos[0].split("@")[0]

    async def smtp_MAIL(self, arg):
        limit = self.options.max_messages
        if limit and self.messages >= limit:
            await self.push("421 4.3.2 enough for one connection")
            self.transport.close()
            return
        reply = reply_of(arg.partition("<")[2].partition("@")[0], "mail")
        if reply:
            await self.push(reply)
            return
        await super().smtp_MAIL(arg)

    async def on_rcpt(self, address):
        local_part = address.split("@")[0]
        if local_part.startswith("drop-rcpt"):
            self.transport.abort()
        if local_part.startswith(("drop-rcpt", "stall-rcpt")):
            await asyncio.Event().wait()
        reply = reply_of(local_part, "rcpt")
        if reply:
            return reply
        self.envelope.rcpt_tos.append(address)
        return "250 OK"

    async def smtp_DATA(self, arg):
        recipient = self.recipient() if self.envelope.rcpt_tos else ""
        reply = reply_of(recipient, "data")
        if reply:
            await self.push(reply)
            return
        if recipient.startswith("drop-data"):
            self.transport.abort()
            return
        if recipient.startswith(("drop-354", "drop-within", "stall-within")):
            await self.push("354 go on")
            if not recipient.startswith("drop-354"):
                await self._reader.readuntil(b"\r\n")
            if recipient.startswith("stall"):
                await asyncio.Event().wait()
            self.transport.abort()
            return
        await super().smtp_DATA(arg)

    async def on_message(self):
        recipient = self.recipient()
        if recipient.startswith("drop-end"):
            self.transport.abort()
        if recipient.startswith(("drop-end", "stall-end")):
            await asyncio.Event().wait()
        if recipient.startswith("late-end"):
            await asyncio.sleep(0.2)
        self.messages += 1
        reply = reply_of(recipient, "end")
        if reply:
            return reply
        self.keep(recipient)
        if recipient.startswith("hang-up"):
            await self.push("250 OK, and goodbye")
            self.transport.close()
            await asyncio.Event().wait()
        return f"250 2.0.0 Ok: queued as {recipient}"

    def keep(self, recipient):
        path = os.path.join(self.options.folder, recipient)
        with open(path + ".eml", "wb") as file:
            file.write(self.envelope.original_content)
        if self.options.quiet:
            return
        read = read_back(self.envelope.original_content)
        read["mail_from"] = self.envelope.mail_from
        read["rcpt_tos"] = self.envelope.rcpt_tos
        with open(path + ".json", "w", encoding="utf-8") as file:
            json.dump(read, file)


class NoisyServer(Server):
    """Says what it is told to do."""

    def __init__(self, options, **keywords):
        super().__init__(options, **keywords)
        for verb, method in list(self._smtp_methods.items()):
            self._smtp_methods[verb] = self.announced(verb, method)

    @staticmethod
    def announced(verb, method):
        async def announce(arg):
            say("command", verb)
            await method(arg)
        return announce


def tls_context(options):
    if not options.cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    return context


def authenticator(options):
    def check(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=options.login == f"{data.login.decode()}:{data.password.decode()}", handled=False)
    return check


async def serve(options):
    context = tls_context(options)
    keywords = {"hostname": "mail.test", "loop": asyncio.get_running_loop()}
    if context and not options.tls_first:
        keywords.update(tls_context=context, require_starttls=True)
    if options.login:
        keywords.update(authenticator=authenticator(options), auth_required=True, auth_require_tls="tls_context" in keywords)
    if not options.login:
        keywords.update(auth_exclude_mechanism=["PLAIN", "LOGIN"])
    kind = Server if options.quiet else NoisyServer
    # With the protocol's name asyncio does not hold back small writes.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    # Little of what nobody reads is on its way.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    listener.bind(("127.0.0.1", 0))
    server = await asyncio.get_running_loop().create_server(
        lambda: kind(options, **keywords), sock=listener, ssl=context if options.tls_first else None)
    say("listening on", listener.getsockname()[1])
    await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="where accepted messages go")
    parser.add_argument("--cert", help="PEM; STARTTLS is offered and required")
    parser.add_argument("--key", help="PEM")
    parser.add_argument("--tls_first", action="store_true", help="TLS from the first byte instead of STARTTLS")
    parser.add_argument("--login", help="user:password, required")
    parser.add_argument("--greeting", help='this reply, "silence", or "drop", instead of the usual one')
    parser.add_argument("--max_messages", type=int, default=0, help="a connection; then 421")
    parser.add_argument("--quiet", action="store_true", help="says nothing of connections and commands, reads nothing")
    # aiosmtpd warns of itself, and of logins without TLS.
    logging.disable(logging.WARNING)
    asyncio.run(serve(parser.parse_args()))


main()
