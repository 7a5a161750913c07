//go:build unix && !linux

package server

import "errors"

// multi would do several transfers by one system call.
type multi struct{}

func (*multi) open() error        { return errors.ErrUnsupported }
func (*multi) close()             {}
func (*multi) receive([]transfer) {}
func (*multi) send([]transfer)    {}
