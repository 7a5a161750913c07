//go:build !linux

package main

import "errors"

func bareHelper([]string) error { return errors.New("the bare loop is made for Linux") }
