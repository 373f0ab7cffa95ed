#!/usr/bin/python3
"""Stands for the outside: SMTP, HTTP and HTTPS servers on ports that the kernel chooses, with robots that check signatures.

Prints its three ports, then obeys lines on standard input and answers each with one line of JSON:
  plan NAME STEP…   what the next deliveries to NAME meet, one step each, the last again and again; NAME is mail or a path of HTTP
  seen NAME         what NAME has taken, oldest first: only what was truly accepted
  tries NAME        how often NAME was called, whatever came of it, and at which ms
  quit
Written from the makers' descriptions with Python's hmac alone: a second opinion on everything that the notifier signs and sends.
"""
import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

SECRETS = {"dingtalk": "SECdingtalk0001", "feishu": "feishu-secret-2", "webhook": "hook-secret-3", "sms": "sms-token-4"}
lock = threading.Lock()
plans, seen, tries = {}, {}, {}


def step(name):
    """The next step of the plan for `name`; counted as a try."""
    with lock:
        tries.setdefault(name, []).append(int(time.time() * 1000))
        steps = plans.get(name) or ["ok"]
        return steps.pop(0) if len(steps) > 1 else steps[0]


def take(name, what):
    with lock:
        seen.setdefault(name, []).append(what)


# --- mail ---

def mail_read(raw):
    """A second opinion: Python's parser of mail, its defects included."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    defects = [str(defect) for part in message.walk() for defect in part.defects]
    return {"id": message["Message-ID"], "from": str(message["From"]), "to": str(message["To"]), "subject": str(message["Subject"]),
            "date": str(message["Date"]), "notices": message.get_all("X-Minning-Notice", []), "text": message.get_content(),
            "rehearsal": message["X-Minning-Rehearsal"] == "yes", "defects": defects,
            "longest": max(len(line) for line in raw.split(b"\r\n"))}


class Mail(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        how = None
        recipients, sender = [], None
        self.say("220 outside ESMTP")
        while True:
            line = self.rfile.readline().decode("utf-8", "replace").strip()
            if not line:
                return
            word = line.split(":")[0].upper()
            if word.startswith("EHLO") or word.startswith("HELO"):
                self.say("250-outside\r\n250-SIZE 1000000\r\n250 AUTH PLAIN")
            elif word.startswith("AUTH"):
                good = base64.b64encode(b"\0clerk\0pass-5").decode()
                words = line.split()
                if len(words) == 2:
                    self.say("334 ")
                    words.append(self.rfile.readline().decode().strip())
                self.say("235 ok" if words[2] == good else "535 no")
            elif word.startswith("MAIL FROM"):
                how = step("mail")  # libcurl keeps connections: each message meets its own step
                sender, recipients = line, []
                self.say("451 later" if how == "later" else "250 ok")
            elif word.startswith("RCPT TO"):
                recipients.append(line)
                self.say("550 no such mailbox" if how == "nobody" else "450 greylisted" if how == "grey" else "250 ok")
            elif word == "DATA":
                self.say("354 go on")
                lines = []
                while True:
                    one = self.rfile.readline()
                    if one in (b".\r\n", b""):
                        break
                    lines.append(one[1:] if one.startswith(b"..") else one)
                raw = b"".join(lines)
                if how == "silent":  # taken, and the answer never comes
                    take("mail", dict(mail_read(raw), envelope=[sender] + recipients))
                    time.sleep(30)
                    return
                if how == "cut":
                    return
                if how == "full":
                    self.say("452 disk is full")
                    continue
                take("mail", dict(mail_read(raw), envelope=[sender] + recipients))
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            elif word == "RSET":
                self.say("250 ok")
            else:
                self.say("502 what?")


# --- HTTP ---

def check_dingtalk(query, _headers, body):
    stamp = query.get("timestamp", [""])[0]
    text = f"{stamp}\n{SECRETS['dingtalk']}".encode()
    want = base64.b64encode(hmac.new(SECRETS["dingtalk"].encode(), text, hashlib.sha256).digest()).decode()
    fresh = stamp.isdigit() and abs(int(stamp) - time.time() * 1000) < 3600000
    if query.get("access_token", [""])[0] != "t1" or not fresh or query.get("sign", [""])[0] != want:
        return {"errcode": 310000, "errmsg": "sign not match"}, None
    return {"errcode": 0, "errmsg": "ok"}, body["text"]["content"]


def check_feishu(_query, _headers, body):
    key = f"{body['timestamp']}\n{SECRETS['feishu']}".encode()
    want = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    fresh = abs(int(body["timestamp"]) - time.time()) < 3600
    if body["sign"] != want or not fresh:
        return {"code": 19021, "msg": "sign match fail"}, None
    return {"code": 0, "msg": "success", "data": {}}, body["content"]["text"]


def check_wecom(query, _headers, body):
    text = body["text"]["content"]
    if query.get("key", [""])[0] != "k1" or len(text.encode()) > 2048:
        return {"errcode": 93000, "errmsg": "invalid webhook url"}, None
    return {"errcode": 0, "errmsg": "ok"}, text


def check_sms(_query, headers, body):
    if headers.get("Authorization") != "Bearer " + SECRETS["sms"] or set(body) != {"id", "mobile", "text", "rehearsal"}:
        return {"code": 401, "message": "no"}, None
    return {"code": 0, "message": "queued"}, body


def check_webhook(_query, headers, body):
    want = hmac.new(SECRETS["webhook"].encode(), headers["_raw"], hashlib.sha256).hexdigest()
    event = all(key in body for key in ("specversion", "id", "source", "type", "time", "data")) and body["specversion"] == "1.0"
    kind = headers.get("Content-Type", "").startswith("application/cloudevents+json")
    if headers.get("X-Minning-Signature") != "sha256=" + want or not event or not kind:
        return None, None
    return {}, body


CHECKS = {"dingtalk": check_dingtalk, "feishu": check_feishu, "wecom": check_wecom, "sms": check_sms, "webhook": check_webhook}


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body, short=0):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw) + short))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(raw)
        self.close_connection = True

    def do_POST(self):
        parts = urllib.parse.urlsplit(self.path)
        name = parts.path.strip("/")
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        how = step(name)
        if how == "slow":
            time.sleep(8)
        if how == "hang":
            time.sleep(60)
            return
        if how == "half":
            self.reply(200, b'{"errcode":', short=20)
            return
        if how == "page":
            self.reply(200, b"<html>please log in</html>")
            return
        if how.startswith("status"):
            self.reply(int(how[6:]), {"errcode": 0})
            return
        if how.startswith("errcode"):
            self.reply(200, {"errcode": int(how[7:]), "errmsg": "no"} if name != "feishu" else {"code": int(how[7:]), "msg": "no"})
            return
        if how == "moved":
            self.send_response(302)
            self.send_header("Location", "/" + name + "-elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = json.loads(raw)
        headers = dict(self.headers)
        headers["_raw"] = raw
        answer, taken = CHECKS[name](urllib.parse.parse_qs(parts.query), headers, body)
        if answer is None:
            self.reply(400, {"errcode": 400})
            return
        if taken is not None:
            take(name, taken)
        if how == "lost":  # taken, and the answer never comes
            self.close_connection = True
            return
        self.reply(200, answer)


class Quiet:
    def handle_error(self, *_):  # whoever is killed in the middle resets connections
        pass


class Threads(Quiet, socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


class Hooks(Quiet, http.server.ThreadingHTTPServer):
    pass


def main():
    mail = Threads(("127.0.0.1", 0), Mail)
    hook = Hooks(("127.0.0.1", 0), Hook)
    safe = Hooks(("127.0.0.1", 0), Hook)  # the same behind TLS, with a certificate that nobody has signed
    here = os.path.dirname(os.path.abspath(__file__))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(here + "/outside.crt", here + "/outside.key")
    safe.socket = context.wrap_socket(safe.socket, server_side=True, do_handshake_on_connect=False)
    for server in (mail, hook, safe):
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(mail.server_address[1], hook.server_address[1], safe.server_address[1], flush=True)
    for line in sys.stdin:
        words = line.split()
        if not words or words[0] == "quit":
            break
        with lock:
            if words[0] == "plan":
                plans[words[1]] = words[2:]
            told = {"plan": None, "seen": seen.get(words[1], []), "tries": tries.get(words[1], [])}[words[0]]
        print(json.dumps(told, ensure_ascii=False), flush=True)


main()
