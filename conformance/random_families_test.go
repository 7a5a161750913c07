package conformance_test

import (
	"slices"
	"strings"
)

// Templates of the random sequences, a list per family. Commands whose effect is
// Redis's own random choice (SPOP of a few) are left out: the states would part.

// GT and LT go with absolute times only: whether a relative one is greater than
// itself depends on the millisecond.
var genericTemplates = []string{
	"DEL {k}*", "UNLINK {k}", "EXISTS {k}*", "TYPE {k}", "TTL {k}", "PTTL {k}", "PERSIST {k}", "TOUCH {k}*",
	"EXPIRE {k} {t} [ NX|XX ]", "PEXPIRE {k} 1000000|2000000|-1", "EXPIREAT {k} 4102444800|1|4102444900 [ NX|XX|GT|LT ]",
	"PEXPIREAT {k} 4102444800123", "EXPIRETIME {k}", "PEXPIRETIME {k}", "RENAME {k} {k}", "RENAMENX {k} {k}",
	"COPY {k} {k} [ REPLACE ]", "OBJECT ENCODING {k}", "KEYS k?", "KEYS *", "DBSIZE", "MOVE {k} 0", "OBJECT REFCOUNT {k}",
}

var stringTemplates = []string{
	"SET {k} {v}", "SET {k} {v} [ NX|XX ] [ GET ]", "SET {k} {v} [ EX,1000|PX,1000000|EX,{t}|KEEPTTL|EXAT,4102444800 ] [ NX|XX|GET ]",
	"SETNX {k} {v}", "SETEX {k} {t} {v}", "PSETEX {k} 1000000 {v}", "GET {k}", "GETSET {k} {v}", "GETDEL {k}",
	"GETEX {k} [ PERSIST|EX,{t}|PX,2000000|EXAT,1 ]", "APPEND {k} {v}", "STRLEN {k}", "GETRANGE {k} {n} {n}", "GETRANGE {k} {i} {i}",
	"SUBSTR {k} {n} {n}", "SETRANGE {k} 0|1|5|50|-1|x {v}", "INCR {k}", "DECR {k}", "INCRBY {k} {i}", "DECRBY {k} {i}",
	"INCRBYFLOAT {k} {f}", "MGET {k}*", "MSET {k},{v}*", "MSETNX {k},{v}*", "LCS {k} {k} [ LEN|IDX ] [ MINMATCHLEN,2|WITHMATCHLEN ]",
	"SET {k} {d}", "INCRBY {k} {d}",
}

var listTemplates = []string{
	"LPUSH {k} {m}*", "RPUSH {k} {m}*", "RPUSH {k} {v}*", "LPUSHX {k} {m}*", "RPUSHX {k} {m}", "LPOP {k} [ {c} ]", "RPOP {k} [ {c} ]",
	"LLEN {k}", "LINDEX {k} {n}", "LINDEX {k} {i}", "LINSERT {k} BEFORE|AFTER|x {m} {m}", "LRANGE {k} {n} {n}", "LRANGE {k} 0 -1",
	"LRANGE {k} {i} {i}", "LREM {k} {n} {m}", "LSET {k} {n} {m}", "LSET {k} {n} {v}", "LTRIM {k} {n} {n}", "LTRIM {k} 0 20",
	"LPOS {k} {m} [ RANK {n} ] [ COUNT {c} ] [ MAXLEN {c} ]", "LMOVE {k} {k} LEFT|RIGHT LEFT|RIGHT|x", "RPOPLPUSH {k} {k}",
	"LMPOP 1|2|x {k} {k} LEFT|RIGHT [ COUNT {c} ]", "LMPOP 1 {k} LEFT|RIGHT COUNT {c}", "SORT {k} ALPHA [ DESC ] [ LIMIT {n} {n} ] STORE {k}",
	"SORT {k} ALPHA", "LRANGE {k} 0 -1", "OBJECT ENCODING {k}",
}

var setTemplates = []string{
	"SADD {k} {m}*", "SADD {k} {d}*", "SADD {k} {i}*", "SADD {k} {v}", "SREM {k} {m}*", "SREM {k} {d}*", "SMEMBERS {k}",
	"SISMEMBER {k} {m}", "SISMEMBER {k} {d}", "SMISMEMBER {k} {m}*", "SCARD {k}", "SPOP {k} 1000", "SPOP {k} 0|-1|x",
	"SRANDMEMBER {k} 0|1|-3|100|x", "SRANDMEMBER {k}", "SMOVE {k} {k} {m}", "SMOVE {k} {k} {d}", "SUNION {k}*", "SINTER {k}*", "SDIFF {k}*",
	"SUNIONSTORE {k} {k}*", "SINTERSTORE {k} {k}*", "SDIFFSTORE {k} {k}*", "SINTERCARD 1|2|0|x {k} [ {k} ] [ LIMIT {c} ]",
	"SINTERCARD 2 {k} {k} [ LIMIT {c} ]", "SORT {k} ALPHA", "SORT {k} ALPHA STORE {k}", "SADD {k} 1|2|3|100|70000|5000000000|-5",
}

var hashTemplates = []string{
	"HSET {k} {m},{v}*", "HSET {k} {m},{d}*", "HSETNX {k} {m} {v}", "HMSET {k} {m},{v}*", "HGET {k} {m}", "HMGET {k} {m}*", "HGETALL {k}",
	"HDEL {k} {m}*", "HEXISTS {k} {m}", "HKEYS {k}", "HVALS {k}", "HLEN {k}", "HSTRLEN {k} {m}", "HINCRBY {k} {m} {i}",
	"HINCRBYFLOAT {k} {m} {f}", "HRANDFIELD {k} [ 0|3|-4|100|x ]", "HRANDFIELD {k} 0|3|-4|100 WITHVALUES", "HSET {k} {v} {v}",
	"HSET {k} {m}*",
}

// Ranges by name are only defined where all scores are equal: those use {q}.
var zsetTemplates = []string{
	"ZADD {k} {s},{m}*", "ZADD {k} [ NX|XX ] [ GT|LT ] [ CH ] {s},{m}*", "ZADD {k} [ XX|NX ] [ GT|LT ] INCR {s} {m}", "ZADD {k} {f},{m}*",
	"ZREM {k} {m}*", "ZCARD {k}", "ZCOUNT {k} {b} {b}", "ZADD {q} 0,{m}*", "ZADD {q} 0,{m}*", "ZREM {q} {m}", "ZLEXCOUNT {q} {l} {l}", "ZINCRBY {k} {f} {m}", "ZINCRBY {k} {s} {m}",
	"ZSCORE {k} {m}", "ZMSCORE {k} {m}*", "ZRANK {k} {m}", "ZREVRANK {k} {m}", "ZRANGE {k} {n} {n} [ REV ] [ WITHSCORES ]",
	"ZRANGE {k} {b} {b} BYSCORE [ REV ] [ LIMIT {n} {n} ] [ WITHSCORES ]", "ZRANGE {q} {l} {l} BYLEX [ REV ] [ LIMIT {n} {n} ]",
	"ZREVRANGE {k} {n} {n} [ WITHSCORES ]", "ZRANGEBYSCORE {k} {b} {b} [ WITHSCORES ] [ LIMIT {n} {n} ]",
	"ZREVRANGEBYSCORE {k} {b} {b} [ WITHSCORES ] [ LIMIT {n} {n} ]", "ZRANGEBYLEX {q} {l} {l} [ LIMIT {n} {n} ]",
	"ZREVRANGEBYLEX {q} {l} {l} [ LIMIT {n} {n} ]", "ZRANGESTORE {k} {k} {n} {n} [ REV ]", "ZRANGESTORE {k} {k} {b} {b} BYSCORE [ LIMIT {n} {n} ]",
	"ZREMRANGEBYRANK {k} {n} {n}", "ZREMRANGEBYSCORE {k} {b} {b}", "ZREMRANGEBYLEX {q} {l} {l}", "ZPOPMIN {k} [ {c} ]", "ZPOPMAX {k} [ {c} ]",
	"ZMPOP 1|2|x {k} {k} MIN|MAX [ COUNT {c} ]", "ZMPOP 1 {k} MIN|MAX COUNT {c}", "ZUNION 2 {k} {k} [ WEIGHTS {s} {s} ] [ AGGREGATE SUM|MIN|MAX ] [ WITHSCORES ]",
	"ZINTER 2 {k} {k} [ WEIGHTS {s} {f} ] [ AGGREGATE SUM|MIN|MAX ] [ WITHSCORES ]", "ZDIFF 2 {k} {k} [ WITHSCORES ]",
	"ZUNIONSTORE {k} 2 {k} {k} [ WEIGHTS {s} {s} ] [ AGGREGATE SUM|MIN|MAX ]", "ZINTERSTORE {k} 2 {k} {k} [ AGGREGATE SUM|MIN|MAX ]",
	"ZDIFFSTORE {k} 2 {k} {k}", "ZINTERCARD 2 {k} {k} [ LIMIT {c} ]", "ZRANDMEMBER {k} [ 0|3|-4|100|x ]", "SADD {k} {m}*",
}

var transactionTemplates = []string{
	"MULTI", "EXEC", "EXEC", "DISCARD", "WATCH {k}*", "UNWATCH", "SET {k} {v}", "GET {k}", "INCR {k}", "GET", "NOSUCH x", "APPEND {k} {v}",
	"DEL {k}", "SELECT 0", "PING", "MSET {k},{v}*", "LPUSH {k} {m}", "LPOP {k}", "BLPOP {k} 0.01", "STRLEN {k} x",
}

var randomFamilies = []randomFamily{
	{"strings", slices.Concat(stringTemplates, stringTemplates, genericTemplates, []string{"LPUSH {k} {m}"})},
	{"keys", slices.Concat(genericTemplates, []string{"SET {k} {v}", "SET {k} {v}", "LPUSH {k} {m}", "HSET {k} {m} {v}", "SADD {k} {m}"})},
	{"lists", slices.Concat(listTemplates, listTemplates, genericTemplates, []string{"SET {k} {v}"})},
	{"sets", slices.Concat(setTemplates, setTemplates, genericTemplates, []string{"SET {k} {v}"})},
	{"hashes", slices.Concat(hashTemplates, hashTemplates, genericTemplates, []string{"SET {k} {v}"})},
	{"zsets", slices.Concat(zsetTemplates, zsetTemplates, genericTemplates, []string{"SET {k} {v}"})},
	{"transactions", transactionTemplates},
	{"mixed", slices.DeleteFunc(slices.Concat(stringTemplates, listTemplates, setTemplates, hashTemplates, zsetTemplates,
		genericTemplates, genericTemplates), func(t string) bool {
		return strings.HasPrefix(t, "SORT ") // a sorted set's encoding: see known_differences.yaml
	})},
}
