"""Submits over STARTTLS with a login, then delivers to port 25 with a UTF-8 address; prints what was answered."""
import json
import smtplib
import ssl
import sys

port, world, user, password = sys.argv[1:5]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
client = smtplib.SMTP("127.0.0.1", int(port))
client.starttls(context=context)
client.login(user, password)
refused = client.sendmail(user, [user], f"From: {user}\r\nTo: {user}\r\nSubject: by smtplib\r\n\r\n.dot\r\n..two\r\n")
client.quit()
outside = smtplib.SMTP("127.0.0.1", int(world))
outside.ehlo()
outside.sendmail("a@else.test", ["андрис@уайлддак.орг"], "Subject: привет\r\n\r\nтело\r\n".encode(), mail_options=["SMTPUTF8", "BODY=8BITMIME"])
try:
    outside.sendmail("a@else.test", ["x@third.test"], "x")
    relayed = True
except smtplib.SMTPRecipientsRefused:
    relayed = False
outside.quit()
print(json.dumps({"refused": refused, "relayed": relayed}))
