// Package coretest runs families in process, without sockets: the test kit of
// our own families and of third parties'.
//
//	h := coretest.New(t, lists.New())
//	h.Do("LPUSH", "k", "a").Int(1)
//	h.Advance(time.Second)
//
// The clock stands still until Advance moves it. When the test ends, the keyspace's
// invariants are checked, and the effects of all commands are fed to a second, empty
// engine, as are the saved values and the rewrite commands of every key: all of them must have the
// digest of the first. So every unit test also tests the encoders.
package coretest
