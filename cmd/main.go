package redustcmd

import (
	"errors"
	"os"

	"github.com/redust/redust/core"
)

// Main runs the server with the given families until it is told to stop, and returns
// the exit code: 0 after an orderly end, 1 when it could not start.
func Main(families ...core.Family) int {
	title := claimTitle() // before anything keeps an argument
	return Run(Invocation{
		title: title, Program: "redust", Args: os.Args[1:], Environ: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}, families)
}

// Run is Main for an invocation of one's own.
func Run(inv Invocation, families []core.Family) int {
	process, code := Begin(inv, families, tools()...)
	if process == nil {
		return code
	}
	defer process.End()
	defer process.followCrashes()()
	p := &program{Process: process, quit: make(chan int, 1)}
	if err := p.start(families); err != nil {
		if !errors.Is(err, ErrNotListening) { // which has been reported already
			p.Log.Warn(err.Error())
		}
		return 1
	}
	return p.wait()
}
