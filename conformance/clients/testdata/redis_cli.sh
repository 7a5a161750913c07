# redis-cli against HOST:PORT with PASSWORD. Prints "ok <check>" lines.
set -u
export REDISCLI_AUTH=$PASSWORD
cli() { redis-cli -h "$HOST" -p "$PORT" "$@"; }
check() { # name, wanted, got
	if [ "$2" != "$3" ]; then
		echo "FAILED $1: wanted '$2', got '$3'"
		exit 1
	fi
	echo "ok $1"
}
check auth PONG "$(cli PING)"
check wrong-password "1" "$(REDISCLI_AUTH=wrong cli PING 2>&1 | grep -c NOAUTH)"
cli FLUSHALL >/dev/null
check resp3 "key" "$(cli -3 SET key value >/dev/null; cli -3 --raw KEYS 'k*')"
check transaction "OK QUEUED QUEUED OK 1" "$(printf 'MULTI\nSET a 1\nINCR n\nEXEC\n' | cli | tr '\n' ' ' | sed 's/ *$//')"
check pipe "1" "$(for i in $(seq 1000); do printf 'SET p:%d %d\r\n' $i $i; done | cli --pipe 2>&1 | grep -c 'errors: 0, replies: 1000')"
check scan 1000 "$(cli --scan --pattern 'p:*' | sort -u | wc -l | tr -d ' ')"
(sleep 0.3; cli RPUSH list x >/dev/null) &
check blocking "list x" "$(cli BLPOP list 5 | tr '\n' ' ' | sed 's/ *$//')"
wait
got=$( (timeout 2 redis-cli -h "$HOST" -p "$PORT" SUBSCRIBE ch & sleep 0.5; cli PUBLISH ch hello >/dev/null; wait) 2>/dev/null | grep -c hello)
check subscribe 1 "$got"
check bigkeys 1 "$(cli --bigkeys | grep -c 'summary')"
check info 1 "$(cli INFO server | grep -c '^redis_version:7.0.15')"
check stdin-argument value2 "$(printf value2 | cli -x SET key >/dev/null; cli GET key)"
check eof-of-csv '"key"' "$(cli --csv KEYS key)"
