"""The metadata service of one emulated machine, IMDSv2 alone, with credentials of its role that IAM knows."""

import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ministack.services import sts

PORT = 16925
LIFE_SECONDS = 3600
ROOT = "/latest/meta-data/"


def credentials_of(instance_id, role):
    """A session named like the machine, so that `aws:userid` is `<role id>:<instance id>` as on EC2."""
    digest = hashlib.sha256(f"{instance_id}:{role['Arn']}".encode()).hexdigest()
    expiration = time.time() + LIFE_SECONDS
    session = {"SecretAccessKey": digest[16:56], "SessionToken": digest, "Expiration": expiration}
    account = role["Arn"].split(":")[4]
    arn = f"arn:aws:sts::{account}:assumed-role/{role['RoleName']}/{instance_id}"
    access_key = f"ASIA{digest[:16].upper()}"
    sts.register_session(access_key, {**session, "Arn": arn, "UserId": f"{role['RoleId']}:{instance_id}"})
    return {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": access_key,
        "SecretAccessKey": session["SecretAccessKey"],
        "Token": session["SessionToken"],
        "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expiration)),
    }


def serve_metadata(address, instance_id, role):
    credentials = json.dumps(credentials_of(instance_id, role))
    name = role["RoleName"]
    pages = {
        f"{ROOT}instance-id": instance_id,
        f"{ROOT}iam/security-credentials/": name,
        f"{ROOT}iam/security-credentials/{name}": credentials,
    }
    token = hashlib.sha256(instance_id.encode()).hexdigest()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            self.answer(200 if self.path == "/latest/api/token" else 404, token)

        def do_GET(self):
            if self.headers.get("x-aws-ec2-metadata-token") != token:
                self.answer(401, "")
            else:
                self.answer(200 if self.path in pages else 404, pages.get(self.path, ""))

        def answer(self, status, text):
            body = text.encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer((address, PORT), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
