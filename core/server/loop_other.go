//go:build unix && !linux

package server

import (
	"errors"
)

// A loop needs epoll; without one each connection has a goroutine.
type loop struct {
	turn    noTurn
	watched uint64
}

// Nor is there anybody in charge of one.
type worker struct{}

func (*worker) yield() {}

type noTurn struct{}

func (noTurn) Load() uint64 { return 0 }

const (
	epollInput  = 0
	epollGone   = 0
	epollOutput = 0
)

func newLoop(*Server, *multi) (*loop, error) { return nil, errors.ErrUnsupported }

func (*loop) run()            {}
func (*loop) stop()           {}
func (*loop) take(uint64)     {}
func (*loop) add(*conn) error { return errors.ErrUnsupported }
func (*loop) remove(*conn)    {}
