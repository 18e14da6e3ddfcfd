"""Reads every message of every mailbox with imaplib and prints UIDs, flags, sizes and digests."""
import hashlib
import imaplib
import json
import re
import sys

port, user, password = sys.argv[1:4]
client = imaplib.IMAP4("127.0.0.1", int(port))
client.login(user, password)
result = {}
for line in client.list()[1]:
    name = re.match(rb'\(.*?\) "/" (.*)$', line).group(1).decode().strip('"')
    status, _ = client.select('"%s"' % name, readonly=True)
    if status != "OK":
        continue
    found = []
    _, (uids,) = client.uid("SEARCH", "ALL")
    for uid in uids.split():
        _, data = client.uid("FETCH", uid, "(FLAGS RFC822.SIZE BODY.PEEK[])")
        head, raw = next(part for part in data if isinstance(part, tuple))
        rest = b"".join(part for part in data if isinstance(part, bytes))
        flags = [flag.decode() for flag in imaplib.ParseFlags(head) or imaplib.ParseFlags(rest)]
        size = int(re.search(rb"RFC822.SIZE (\d+)", head + rest).group(1))
        assert size == len(raw), (name, uid, size, len(raw))
        found.append({"uid": int(uid), "flags": flags, "sha256": hashlib.sha256(raw).hexdigest(), "size": size})
    result[name] = found
client.logout()
print(json.dumps(result))
