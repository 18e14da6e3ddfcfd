"""Changes a mailbox of its own with imaplib and tells what it then sees."""
import imaplib
import json
import sys
import time

port, user, password = sys.argv[1:4]
client = imaplib.IMAP4("127.0.0.1", int(port))


def ok(answer):
    status, data = answer
    assert status == "OK", answer
    return data


ok(client.login(user, password))
ok(client.create("Python"))
raw = b"Subject: from imaplib\r\nX: y\r\n\r\nHello.\r\n"
ok(client.append("Python", "(\\Seen)", imaplib.Time2Internaldate(time.time()), raw))
ok(client.select("Python"))
ok(client.store("1", "+FLAGS", "(\\Flagged)"))
found = ok(client.search(None, "FLAGGED", "SUBJECT", '"IMAPLIB"'))[0].decode()
exact = ok(client.fetch("1", "(BODY.PEEK[])"))[0][1] == raw
ok(client.create("Python/Copies"))
ok(client.copy("1", "Python/Copies"))
ok(client.store("1", "+FLAGS", "(\\Deleted)"))
ok(client.expunge())
left = len(ok(client.search(None, "ALL"))[0].split())
copied = int(ok(client.select("Python/Copies"))[0])
ok(client.close())
ok(client.delete("Python/Copies"))
ok(client.delete("Python"))
client.logout()
print(json.dumps({"copied": copied, "left": left, "found": found, "exact": exact}))
