package redustcmd

import (
	"fmt"
	"os"

	"github.com/redust/redust/core"
)

// Main runs the server with the given families until it is told to stop, and returns
// the exit code: 0 after an orderly end, 1 when it could not start.
func Main(families ...core.Family) int {
	p := &program{families: families, quit: make(chan int, 1)}
	if err := p.run(Inputs{Args: os.Args[1:], Environ: os.Environ(), Stdin: os.Stdin}); err != nil {
		fmt.Fprintln(os.Stderr, "redust:", err)
		return 1
	}
	return p.code
}
