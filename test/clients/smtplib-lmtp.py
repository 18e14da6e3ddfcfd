"""Delivers a message by smtplib's LMTP client and prints the refused recipients."""
import json
import smtplib
import sys

port, user, _ = sys.argv[1:4]
client = smtplib.LMTP("127.0.0.1", int(port))
refused = client.sendmail("sender@example.test", [user], "Subject: from smtplib\r\n\r\nHello.\r\n.dot\r\n")
client.quit()
print(json.dumps({key: value[0] for key, value in refused.items()}))
