// Command redust is the stock server: every family of ours.
package main

import (
	"os"

	redustcmd "github.com/redust/redust/cmd"
	"github.com/redust/redust/families/standard"
)

func main() { os.Exit(redustcmd.Main(standard.All()...)) }
