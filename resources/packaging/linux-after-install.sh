#!/bin/bash
# After the deb or rpm package is unpacked. The service is not started: whether the mail server runs with the computer is the person's choice
# (`sudo systemctl enable --now mallard`).
set -e

app='/opt/${sanitizedProductName}'

ln -sf "$app/resources/appliance/bin/mallard" /usr/bin/mallard
ln -sf "$app/${executable}" /usr/bin/${executable}

# Chromium's sandbox uses unprivileged user namespaces where they exist, and this helper where they do not.
if ! { [ -L /proc/self/ns/user ] && unshare --user true; } >/dev/null 2>&1; then
  chmod 4755 "$app/chrome-sandbox" || true
else
  chmod 0755 "$app/chrome-sandbox" || true
fi

if ! getent passwd mallard >/dev/null; then
  useradd --system --home-dir /var/lib/mallard --no-create-home --shell /usr/sbin/nologin --comment 'Mallard mail server' mallard
fi

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  # An upgrade: the running server changes to the new version. It stops in order first.
  systemctl try-restart mallard.service || true
fi

command -v update-mime-database >/dev/null && update-mime-database /usr/share/mime || true
command -v update-desktop-database >/dev/null && update-desktop-database /usr/share/applications || true
