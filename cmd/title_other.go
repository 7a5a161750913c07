//go:build !linux

package redustcmd

// processTitle can't be changed on this system.
type processTitle struct{ name string }

func claimTitle() *processTitle { return nil }

func (*processTitle) set(string) {}
