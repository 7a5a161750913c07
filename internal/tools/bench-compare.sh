#!/bin/sh
# Go benchmarks of the work tree against a revision, ten runs a side, by benchstat.
set -eu
ref=$1
old=$(mktemp -d)
trap 'git worktree remove --force "$old" >/dev/null 2>&1' EXIT
git worktree add --detach "$old" "$ref" >/dev/null
bench() { go test -run '^$' -bench . -benchmem -count 10 ./core/... ./protocol/... ./families/...; }
(cd "$old" && bench) >"$old.old.txt"
bench >"$old.new.txt"
go tool -modfile=internal/tools/versions/go.mod benchstat "$old.old.txt" "$old.new.txt"
