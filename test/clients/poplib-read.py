"""Reads the whole maildrop with poplib; with 'delete' as the last argument, deletes it as well."""
import hashlib
import json
import poplib
import sys

poplib._MAXLINE = 10_000_000  # mail has longer lines than poplib likes
port, user, password = sys.argv[1:4]
client = poplib.POP3("127.0.0.1", int(port))
client.user(user)
client.pass_(password)
uidls = dict(line.decode().split() for line in client.uidl()[1])
result = []
for line in client.list()[1]:
    number, size = line.decode().split()
    _, lines, octets = client.retr(int(number))
    # poplib counts the dots that were stuffed away; the octets on the wire without them are what LIST tells.
    raw = b"\n".join(lines) + b"\n"
    result.append({"uidl": uidls[number], "sha256": hashlib.sha256(raw).hexdigest(), "size": int(size), "octets": octets})
    if sys.argv[-1] == "delete":
        client.dele(int(number))
client.quit()
print(json.dumps(result))
