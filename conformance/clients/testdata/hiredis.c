/* hiredis against HOST:PORT with PASSWORD. Prints "ok <check>" lines. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static redisContext *dial(void) {
    redisContext *c = redisConnect(getenv("HOST"), atoi(getenv("PORT")));
    if (c == NULL || c->err) {
        printf("FAILED connect: %s\n", c ? c->errstr : "memory");
        exit(1);
    }
    struct timeval limit = {10, 0};
    redisSetTimeout(c, limit);
    return c;
}

static void check(const char *name, int good) {
    if (!good) {
        printf("FAILED %s\n", name);
        exit(1);
    }
    printf("ok %s\n", name);
    fflush(stdout);
}

static int is(redisReply *r, int type, const char *text) {
    int good = r != NULL && r->type == type && (text == NULL || (r->str != NULL && strcmp(r->str, text) == 0));
    if (r != NULL) freeReplyObject(r);
    return good;
}

int main(void) {
    redisContext *c = dial(), *other = dial();
    check("refused before auth", is(redisCommand(c, "PING"), REDIS_REPLY_ERROR, "NOAUTH Authentication required."));
#ifdef REDIS_REPLY_PUSH
    check("hello 3 with auth", is(redisCommand(c, "HELLO 3 AUTH default %s SETNAME suite", getenv("PASSWORD")), REDIS_REPLY_MAP, NULL));
#else /* before 1.0: RESP2 only */
    check("hello 2 with auth", is(redisCommand(c, "HELLO 2 AUTH default %s SETNAME suite", getenv("PASSWORD")), REDIS_REPLY_ARRAY, NULL));
#endif
    check("auth", is(redisCommand(other, "AUTH %s", getenv("PASSWORD")), REDIS_REPLY_STATUS, "OK"));
    check("name", is(redisCommand(c, "CLIENT GETNAME"), REDIS_REPLY_STRING, "suite"));
    check("flush", is(redisCommand(c, "FLUSHALL"), REDIS_REPLY_STATUS, "OK"));
    check("binary", is(redisCommand(c, "SET k %b", "a\0b", (size_t)3), REDIS_REPLY_STATUS, "OK"));
    redisReply *r = redisCommand(c, "GET k");
    check("binary back", r != NULL && r->len == 3 && memcmp(r->str, "a\0b", 3) == 0);
    freeReplyObject(r);

    int good = 1;
    for (int i = 0; i < 1000; i++) redisAppendCommand(c, "SET p:%d %d", i, i);
    for (int i = 0; i < 1000; i++) {
        if (redisGetReply(c, (void **)&r) != REDIS_OK) exit(1);
        good = good && is(r, REDIS_REPLY_STATUS, "OK");
    }
    check("pipeline", good);

    int found = 0;
    char cursor[32] = "0";
    do {
        r = redisCommand(c, "SCAN %s MATCH p:* COUNT 100", cursor);
        found += (int)r->element[1]->elements;
        snprintf(cursor, sizeof cursor, "%s", r->element[0]->str);
        freeReplyObject(r);
    } while (strcmp(cursor, "0") != 0);
    check("scan", found >= 1000);

    check("watch", is(redisCommand(c, "WATCH k"), REDIS_REPLY_STATUS, "OK"));
    check("multi", is(redisCommand(c, "MULTI"), REDIS_REPLY_STATUS, "OK"));
    check("queued", is(redisCommand(c, "SET k mine"), REDIS_REPLY_STATUS, "QUEUED"));
    check("other writes", is(redisCommand(other, "SET k other"), REDIS_REPLY_STATUS, "OK"));
    check("exec fails", is(redisCommand(c, "EXEC"), REDIS_REPLY_NIL, NULL));

    redisAppendCommand(c, "BLPOP list 5");
    int done = 0;
    while (!done) redisBufferWrite(c, &done);
    check("push", is(redisCommand(other, "RPUSH list x"), REDIS_REPLY_INTEGER, NULL));
    check("blocking pop", redisGetReply(c, (void **)&r) == REDIS_OK && r->elements == 2 && strcmp(r->element[1]->str, "x") == 0);
    freeReplyObject(r);

#ifdef REDIS_REPLY_PUSH
    redisSetPushCallback(c, NULL); /* pushes are returned as replies */
    check("tracking", is(redisCommand(c, "CLIENT TRACKING ON"), REDIS_REPLY_STATUS, "OK"));
    check("cached", is(redisCommand(c, "GET k"), REDIS_REPLY_STRING, "other"));
    check("invalidating", is(redisCommand(other, "SET k new"), REDIS_REPLY_STATUS, "OK"));
    check("invalidated", redisGetReply(c, (void **)&r) == REDIS_OK && r->type == REDIS_REPLY_PUSH && strcmp(r->element[1]->element[0]->str, "k") == 0);
    freeReplyObject(r);
#endif

    check("subscribe", is(redisCommand(other, "SUBSCRIBE ch"), REDIS_REPLY_ARRAY, NULL));
    check("publish", is(redisCommand(c, "PUBLISH ch hello"), REDIS_REPLY_INTEGER, NULL));
    check("message", redisGetReply(other, (void **)&r) == REDIS_OK && r->elements == 3 && strcmp(r->element[2]->str, "hello") == 0);
    freeReplyObject(r);
    check("killed", is(redisCommand(c, "CLIENT KILL TYPE pubsub"), REDIS_REPLY_INTEGER, NULL));
    check("lost", redisGetReply(other, (void **)&r) == REDIS_ERR);
    check("reconnect", redisReconnect(other) == REDIS_OK);
    check("again", is(redisCommand(other, "AUTH %s", getenv("PASSWORD")), REDIS_REPLY_STATUS, "OK"));
    redisFree(c);
    redisFree(other);
    return 0;
}
