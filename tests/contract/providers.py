"""The providers' protocols, as strict as the providers are. What breaks one is answered with 400 and says why."""

import base64
import hashlib
import hmac
import json
import re
import time
import urllib.parse

TWILIO_ACCOUNT = "AC00000000000000000000000000000001"
TWILIO_TOKEN = "twilio-token"
FCM_PROJECT = "shop"
FCM_EMAIL = "sender@shop.iam.gserviceaccount.com"
FCM_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
# What a signature of SHA-256 starts with (RFC 8017, section 9.2, note 1).
SHA256_PREFIX = bytes.fromhex("3031300d060960864801650304020105000420")


class Refused(Exception):
    """The request breaks the protocol."""


def require(condition, what):
    if not condition:
        raise Refused(what)


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def twilio_error(status, code):
    return status, json.dumps({"code": code, "message": "as Twilio says it", "status": status}), {}


def google_error(status, canonical, details, headers=None):
    error = {"code": status, "message": "as Google says it", "status": canonical, "details": details}
    return status, json.dumps({"error": error}), headers or {}


def fcm_error(status, canonical, code, headers=None):
    detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}
    return google_error(status, canonical, [detail], headers)


def token_refused():
    detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_EXPIRED"}
    return google_error(401, "UNAUTHENTICATED", [detail])


class Providers:
    def __init__(self, fcm_modulus, fcm_exponent):
        self.fcm_modulus, self.fcm_exponent = fcm_modulus, fcm_exponent
        self.sent = []
        self.tokens = set()
        self.revoked = set()

    def answer(self, space, method, path, headers, body, connection):
        """Status, body and headers of the answer."""
        try:
            if path.endswith("/Messages.json"):
                return self.twilio(space, method, path, headers, body)
            if path == "/token":
                return self.token(space, headers, body)
            if path.endswith("/messages:send"):
                return self.fcm(space, path, headers, body)
            if path.startswith("/services/"):
                return self.slack(space, path, headers, body)
            if path == "/webhook":
                return self.webhook(space, headers, body)
        except Refused as problem:
            return 400, json.dumps({"problem": str(problem)}), {}
        echo = {"method": method, "path": path, "body": body.decode("utf-8", "replace"), "connection": connection}
        return 200, json.dumps(echo), {"X-Test": " a, b "}

    def send(self, space, provider, **what):
        self.sent.append({"in": space, "provider": provider, **what})

    # Twilio's Message resource.
    def twilio(self, space, method, path, headers, body):
        expected = "Basic " + base64.b64encode(f"{TWILIO_ACCOUNT}:{TWILIO_TOKEN}".encode()).decode()
        if headers.get("Authorization") != expected:
            return twilio_error(401, 20003)
        require(method == "POST", "method")
        require(path == f"/2010-04-01/Accounts/{TWILIO_ACCOUNT}/Messages.json", "path " + path)
        require(headers.get("Content-Type") == "application/x-www-form-urlencoded", "content type")
        pairs = urllib.parse.parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True,
                                       encoding="utf-8", errors="strict")
        form = dict(pairs)
        require(len(form) == len(pairs), "a field comes twice")
        require(set(form) <= {"To", "From", "MessagingServiceSid", "Body", "StatusCallback"}, "unknown fields")
        require(("From" in form) != ("MessagingServiceSid" in form), "From or MessagingServiceSid")
        require(form.get("MessagingServiceSid", "MG").startswith("MG"), "MessagingServiceSid")
        require(0 < len(form.get("Body", "")) <= 1600, "Body")
        if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
            return twilio_error(400, 21211)
        for ending, status, code in (("610", 400, 21610), ("614", 400, 21614), ("429", 429, 20429), ("007", 400, 30007)):
            if form["To"].endswith(ending):
                return twilio_error(status, code)
        sid = "SM%032x" % (len(self.sent) + 1)
        self.send(space, "twilio", sid=sid, **form)
        return 201, json.dumps({"sid": sid, "status": "queued", "error_code": None}), {}

    # OAuth 2.0 for service accounts: RFC 7523.
    def token(self, space, headers, body):
        require(headers.get("Content-Type") == "application/x-www-form-urlencoded", "content type")
        form = dict(urllib.parse.parse_qsl(body.decode("ascii"), strict_parsing=True))
        require(form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer", "grant_type")
        header, claims, signature = form["assertion"].split(".")
        require(json.loads(from_base64url(header)) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}, "JWT header")
        self.check_rs256(f"{header}.{claims}".encode(), from_base64url(signature))
        claims = json.loads(from_base64url(claims))
        require(claims["iss"] == FCM_EMAIL and claims["scope"] == FCM_SCOPE, "iss or scope")
        require(claims["aud"].endswith("/token"), "aud")
        require(claims["exp"] - claims["iat"] == 3600, "exp is an hour after iat")
        token = "token-%d" % (len(self.tokens) + 1)
        self.tokens.add(token)
        self.send(space, "token", token=token, iat=claims["iat"])
        return 200, json.dumps({"access_token": token, "expires_in": 3600, "token_type": "Bearer"}), {}

    def check_rs256(self, text, signature):
        """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, section 8.2.2)."""
        size = (self.fcm_modulus.bit_length() + 7) // 8
        require(len(signature) == size, "length of the signature")
        padded = pow(int.from_bytes(signature, "big"), self.fcm_exponent, self.fcm_modulus).to_bytes(size, "big")
        ending = b"\0" + SHA256_PREFIX + hashlib.sha256(text).digest()
        require(padded == b"\0\1" + b"\xff" * (size - 2 - len(ending)) + ending, "signature")

    # FCM's HTTP v1.
    def fcm(self, space, path, headers, body):
        require(path == f"/v1/projects/{FCM_PROJECT}/messages:send", "path " + path)
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.tokens or token in self.revoked:
            return token_refused()
        require(headers.get("Content-Type") == "application/json", "content type")
        message = json.loads(body)
        require(set(message) == {"message"}, "only `message`")
        message = message["message"]
        require(set(message) <= {"token", "notification", "data", "android", "apns"}, "unknown fields")
        require(set(message["notification"]) <= {"title", "body"}, "notification")
        require(all(isinstance(value, str) for value in message.get("data", {}).values()), "data is text")
        device = message["token"]
        if device == "revoke-the-token":
            if not self.revoked:
                self.revoked.add(token)
                return token_refused()
        errors = {
            "gone": (404, "NOT_FOUND", "UNREGISTERED"),
            "bad": (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
            "other-project": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
            "quota": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", {"Retry-After": "90"}),
            "overloaded": (503, "UNAVAILABLE", "UNAVAILABLE", {"Retry-After": "30"}),
            "apple": (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"),
            "broken": (500, "INTERNAL", "INTERNAL"),
        }
        if device in errors:
            return fcm_error(*errors[device])
        name = f"projects/{FCM_PROJECT}/messages/{len(self.sent) + 1}"
        self.send(space, "fcm", name=name, message=message)
        return 200, json.dumps({"name": name}), {}

    # Slack's incoming webhooks.
    def slack(self, space, path, headers, body):
        require(headers.get("Content-Type") == "application/json; charset=utf-8", "content type")
        if path != "/services/T0/B0/secret":
            return 404, "no_service", {}
        try:
            payload = json.loads(body)
        except ValueError:
            return 400, "invalid_payload", {}
        require(set(payload) == {"channel", "text", "blocks"}, "fields")
        for block in payload["blocks"]:
            require(block["type"] == "section" and block["text"]["type"] == "mrkdwn", "blocks")
            require(0 < len(block["text"]["text"]) <= 3000, "a block has up to 3000 characters")
            require(not re.search(r"&(?!amp;|lt;|gt;)", block["text"]["text"]), "& is not escaped")
        require(len(payload["blocks"]) <= 50, "up to 50 blocks")
        errors = {"C-archived": (410, "channel_is_archived"), "C-unknown": (404, "channel_not_found"),
                  "C-forbidden": (403, "action_prohibited"), "C-odd": (500, "rollup_error")}
        if payload["channel"] in errors:
            return *errors[payload["channel"]], {}
        self.send(space, "slack", payload=payload)
        return 200, "ok", {"Content-Type": "text/html"}

    # Standard Webhooks, with Idempotency-Key.
    def webhook(self, space, headers, body):
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        secret = base64.b64decode(WEBHOOK_SECRET.removeprefix("whsec_"))
        signed = f"{message_id}.{timestamp}.".encode() + body
        signature = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        require(f"v1,{signature}" in headers["webhook-signature"].split(" "), "signature")
        require(abs(int(timestamp) - time.time()) < 300, "timestamp is not of now")
        require(headers["Idempotency-Key"] == message_id, "Idempotency-Key")
        require(headers.get("Content-Type") == "application/json", "content type")
        payload = json.loads(body)
        known = any(row["key"] == message_id for row in self.sent if row["in"] == space)
        if not known:
            self.send(space, "webhook", key=message_id, payload=payload)
        return 200, json.dumps({"duplicate": known}), {}
