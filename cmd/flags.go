package redustcmd

import (
	"fmt"
	"strings"
)

// flagOption is an option of the command line with its words.
type flagOption struct {
	name string
	args []string
}

// commandLine is what redis-server's form of a command line says.
type commandLine struct {
	file    string // the first argument, if it is no option
	stdin   bool   // "-": more configuration comes from standard input
	options []flagOption
}

// parseArgs reads [file] [-] [--option word ...] ... [-]. What follows an option's name is its word even if it begins with two dashes; after
// one word, two dashes begin the next option. "--port 6380" may be a single argument too, and after a
// file the first option needs no dashes. As redis-server has it, --save alone means no save points.
func parseArgs(args []string) (commandLine, error) {
	var line commandLine
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		line.file, args = args[0], args[1:]
	}
	var current *flagOption
	complete := true // the current option has a word, so another may begin
	for i, arg := range args {
		name, isOption := strings.CutPrefix(arg, "--")
		switch {
		case arg == "-" && (i == 0 || i == len(args)-1):
			line.stdin = true
		case complete && isOption:
			words, err := splitWords(name)
			if err != nil {
				return line, fmt.Errorf("argument '%s': %w", arg, err)
			}
			if len(words) == 0 {
				return line, fmt.Errorf("argument '%s': an option's name is missing", arg)
			}
			line.options = append(line.options, flagOption{name: words[0], args: words[1:]})
			current = &line.options[len(line.options)-1]
			complete = len(words) > 1
			if !complete && strings.EqualFold(words[0], "save") && (i == len(args)-1 || strings.HasPrefix(args[i+1], "--")) {
				current.args, complete = []string{""}, true
			}
		case current == nil && line.file != "" && !strings.HasPrefix(arg, "-"): // without dashes, as redis-server lets it pass
			line.options = append(line.options, flagOption{name: arg})
			current, complete = &line.options[0], false
		case current == nil:
			return line, fmt.Errorf("argument '%s': an option begins with two dashes: --port 6380; a configuration file comes first", arg)
		default:
			current.args = append(current.args, arg)
			complete = true
		}
	}
	return line, nil
}
