#!/bin/sh
# Installs the client libraries that Debian packages, for `make clients`. What can't be installed is named, and skipped there.
set -u
sudo=
[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null && sudo="sudo -n"; }
missing=
for p in redis-tools python3-redis libhiredis-dev nodejs npm; do
	dpkg -s "$p" >/dev/null 2>&1 || missing="$missing $p"
done
command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && missing=$(echo "$missing" | sed 's/ nodejs//; s/ npm//')
[ -n "$missing" ] || exit 0
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || [ -n "$sudo" ]; }; then
	updated=
	for p in $missing; do
		$sudo apt-get install -y -qq --no-install-recommends "$p" >/dev/null 2>&1 && continue
		[ -n "$updated" ] || { $sudo apt-get update -qq >/dev/null 2>&1; updated=1; }
		$sudo apt-get install -y -qq --no-install-recommends "$p" >/dev/null 2>&1 ||
			echo "note: $p could not be installed; its client is skipped." >&2
	done
	exit 0
fi
echo "note: not installed here:$missing. These clients are skipped." >&2
exit 0
