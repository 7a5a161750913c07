"""redis-py against HOST:PORT with PASSWORD. Prints "ok <check>" lines."""

import os
import threading
import time

import redis

CONN = dict(host=os.environ["HOST"], port=int(os.environ["PORT"]), password=os.environ["PASSWORD"], decode_responses=True)


def check(name, condition, detail=""):
    if not condition:
        raise SystemExit(f"FAILED {name} {detail}")
    print("ok", name, flush=True)


r = redis.Redis(**CONN, client_name="suite")
r.flushall()
check("auth and name", r.ping() and r.client_getname() == "suite")
try:
    redis.Redis(**{**CONN, "password": "wrong"}).ping()
    check("wrong password", False)
except (redis.ResponseError, redis.AuthenticationError) as e:  # which one depends on the version
    check("wrong password", "WRONGPASS" in str(e) or isinstance(e, redis.AuthenticationError))

with r.pipeline(transaction=False) as p:
    for i in range(500):
        p.set(f"p:{i}", i)
    check("pipeline", all(p.execute()))
check("scan", len(set(r.scan_iter("p:*", count=50))) == 500)
r.hset("h", mapping={f"f{i}": i for i in range(300)})
check("hscan", len(dict(r.hscan_iter("h"))) == 300)
check("types", r.info("server")["redis_version"] == "7.0.15" and r.config_get("maxclients")["maxclients"] == "10000")

r.set("n", 1)
with r.pipeline() as p:
    p.watch("n")
    value = int(p.get("n"))
    p.multi()
    p.set("n", value + 1)
    check("transaction", p.execute() == [True] and r.get("n") == "2")
    p.watch("n")
    p.multi()
    r.set("n", 10)
    p.set("n", 3)
    try:
        p.execute()
        check("watch", False)
    except redis.WatchError:
        check("watch", r.get("n") == "10")
attempts = []


def increment(p):
    n = int(p.get("n"))
    if not attempts:
        r.set("n", 20)
    attempts.append(n)
    p.multi()
    p.set("n", n + 1)


r.transaction(increment, "n")
check("watch retries", r.get("n") == "21" and len(attempts) == 2)

threading.Timer(0.2, lambda: redis.Redis(**CONN).rpush("q", "x")).start()
check("blocking pop", r.blpop("q", timeout=5) == ("q", "x"))
check("blocking timeout", r.blpop("q", timeout=1) is None)

sub = redis.Redis(**CONN, retry_on_timeout=True).pubsub(ignore_subscribe_messages=True)
sub.subscribe("ch")
sub.psubscribe("c*")


def messages(want, seconds=5):
    got, end = [], time.time() + seconds
    while len(got) < want and time.time() < end:
        m = sub.get_message(timeout=0.2)
        if m:
            got.append((m["type"], m["data"]))
    return got


time.sleep(0.2)
sub.get_message(timeout=0.2), sub.get_message(timeout=0.2)
r.publish("ch", "one")
check("publish and subscribe", sorted(messages(2)) == [("message", "one"), ("pmessage", "one")])
check("kill subscriber", r.client_kill_filter(_type="pubsub") == 1)
deadline = time.time() + 5
while time.time() < deadline and r.pubsub_numsub("ch") != [("ch", 1)]:
    try:
        sub.get_message(timeout=0.1)
    except redis.ConnectionError:
        pass
r.publish("ch", "two")
check("subscriptions come back", ("message", "two") in messages(2))

