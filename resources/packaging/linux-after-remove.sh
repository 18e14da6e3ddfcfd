#!/bin/bash
# After the package is removed. The mail in /var/lib/mallard and its account stay; only "apt purge" and a hand that means it remove data.

# dpkg and rpm call this on upgrades too, with other words or numbers.
case "$1" in
  upgrade | 1) exit 0 ;;
esac

rm -f /usr/bin/mallard /usr/bin/${executable}
if [ -d /run/systemd/system ]; then
  systemctl disable --now mallard.service 2>/dev/null || true
  systemctl daemon-reload || true
fi
exit 0
