package core

import (
	"time"

	"github.com/redust/redust/protocol"
)

// httpWarnEvery is how often the log tells of requests from browsers.
const httpWarnEvery = time.Minute

// speaksHTTP reports whether a command name is a word of HTTP's by which a browser gives itself away.
func speaksHTTP(name []byte) bool {
	return protocol.IsWord(name, "POST") || protocol.IsWord(name, "HOST:")
}

// abortHTTP ends a connection over which a web page may be trying to send commands by way of somebody's browser. As Redis does, it
// answers nothing, not even what came before, and the commands in the request's body are not run.
func (e *Engine) abortHTTP(c *Client) Status {
	now := e.NowMs()
	last := e.httpWarned.Load()
	if now-last > httpWarnEvery.Milliseconds() && e.httpWarned.CompareAndSwap(last, now) {
		e.logger.Warn("Possible SECURITY ATTACK detected: a client sends POST or Host:, words of HTTP; its connection is closed")
	}
	c.W.Reset()
	c.Set(FlagCloseAfterReply)
	return CloseAfter
}
