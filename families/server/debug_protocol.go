package server

import (
	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

const attribText = "Some real reply following the attribute"

// debugProtocol replies with a value of the type asked for: what clients test their
// parsers with.
func debugProtocol(_ *family, c *core.Ctx, args [][]byte) error {
	w := c.Reply
	switch kind := args[0]; {
	case protocol.IsWord(kind, "STRING"):
		w.BulkString("Hello World")
	case protocol.IsWord(kind, "INTEGER"):
		w.Int(12345)
	case protocol.IsWord(kind, "DOUBLE"):
		w.Double(3.141)
	case protocol.IsWord(kind, "NULL"):
		w.Null()
	case protocol.IsWord(kind, "ARRAY"):
		w.Array(3)
		oneTwo(w)
	case protocol.IsWord(kind, "SET"):
		w.Set(3)
		oneTwo(w)
	case protocol.IsWord(kind, "MAP"):
		w.Map(3)
		for i := range int64(3) {
			w.Int(i)
			w.Bool(i == 1)
		}
	case protocol.IsWord(kind, "ATTRIB"):
		protocolAttribute(w)
	case protocol.IsWord(kind, "PUSH"):
		return protocolPush(c)
	case protocol.IsWord(kind, "TRUE"):
		w.Bool(true)
	case protocol.IsWord(kind, "FALSE"):
		w.Bool(false)
	case protocol.IsWord(kind, "VERBATIM"):
		w.Verbatim("txt", []byte("This is a verbatim\nstring"))
	case protocol.IsWord(kind, "BIGNUM"):
		w.BigNumber("1234567999999999999999999999999999999")
	default:
		return protocol.Error("ERR Wrong protocol type name. Please use one of the following: " +
			"string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
	}
	return nil
}

func oneTwo(w *protocol.Writer) {
	for i := range int64(3) {
		w.Int(i)
	}
}

func protocolAttribute(w *protocol.Writer) {
	if w.Proto == 3 {
		w.Attribute(1)
		w.BulkString("key-popularity")
		w.Array(2)
		w.BulkString("key:123")
		w.Int(90)
	}
	w.BulkString(attribText)
}

// protocolPush sends a message out of band and then the reply.
func protocolPush(c *core.Ctx) error {
	w := c.Reply
	if w.Proto != 3 {
		return protocol.Error("ERR RESP2 is not supported by this command")
	}
	w.Push(2)
	w.BulkString("server-cpu-usage")
	w.Int(42)
	w.BulkString("Some real reply following the push reply")
	return nil
}
