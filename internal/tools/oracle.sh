#!/bin/sh
# Makes Redis 7.0.15 available to the tests as redis-server in PATH or in .tools, from Debian's packages.
# Nothing is started. Where it may not install, it says so, and the tests use golden traces.
set -u
want=7.0.15
has() { command -v "$1" >/dev/null 2>&1 && "$1" --version 2>/dev/null | grep -q "v=$want"; }

if has redis-server; then exit 0; fi
link() {
	# redis-tools ships the server's program under the name of a tool: called by its own name it is the server.
	mkdir -p .tools && ln -sf "$(command -v redis-check-rdb)" .tools/redis-server && has .tools/redis-server
}
if command -v redis-check-rdb >/dev/null 2>&1 && link; then exit 0; fi

sudo=
[ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null && sudo="sudo -n"; }
if command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || [ -n "$sudo" ]; }; then
	echo "installing redis-tools, which holds the oracle (redis-server $want) ..."
	$sudo apt-get install -y -qq redis-tools >/dev/null 2>&1 ||
		{ $sudo apt-get update -qq >/dev/null 2>&1 && $sudo apt-get install -y -qq redis-tools >/dev/null 2>&1; }
	if command -v redis-check-rdb >/dev/null 2>&1 && link; then exit 0; fi
fi
rm -f .tools/redis-server
echo "note: redis-server $want is not here and could not be installed (apt-get install redis-tools)." >&2
echo "      Conformance is checked against the recorded traces; tests that need a live Redis are skipped." >&2
exit 0
