// Command commandspec prints core.Command literals of Redis commands, taken
// from the COMMAND INFO and COMMAND DOCS of a running Redis: a start for
// whoever adds a command, with the facts already exact.
//
//	go run ./internal/tools/commandspec -addr 127.0.0.1:6379 -names set,get
//	go run ./internal/tools/commandspec -addr 127.0.0.1:6379 -group string
//
// What a person must write is left empty, with the server's own words in a
// comment "// oracle:" to be reworded and deleted: summaries, what changed in a
// version, and the meaning of the letters in a complexity. Core's own flags
// and FindKeys have no counterpart in Redis and must be added by hand too.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:6379", "`address` of the Redis to ask")
	names := flag.String("names", "", "comma-separated commands; a container brings its subcommands")
	group := flag.String("group", "", "all commands of this COMMAND DOCS group, by name")
	flag.Parse()
	if err := run(*addr, *names, *group); err != nil {
		fmt.Fprintln(os.Stderr, "commandspec:", err)
		os.Exit(1)
	}
}

func run(addr, names, group string) error {
	if (names == "") == (group == "") {
		return fmt.Errorf("give either -names or -group")
	}
	commands, err := fetch(addr)
	if err != nil {
		return err
	}
	selected, err := choose(commands, names, group)
	if err != nil {
		return err
	}
	src, err := render(selected)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(src)
	return err
}

// choose returns the named commands in the order asked for, or those of a
// group by name. commands are sorted by name.
func choose(commands []*command, names, group string) ([]*command, error) {
	var out []*command
	if group != "" {
		for _, c := range commands {
			if c.group == group {
				out = append(out, c)
			}
		}
		if out == nil {
			return nil, fmt.Errorf("no command in group %q", group)
		}
		return out, nil
	}
	byName := make(map[string]*command)
	for _, c := range commands {
		byName[c.name] = c
		for _, s := range c.subs {
			byName[s.name] = s
		}
	}
	for _, name := range strings.Split(strings.ToLower(names), ",") {
		c := byName[strings.TrimSpace(name)]
		if c == nil {
			return nil, fmt.Errorf("the server has no command %q", name)
		}
		out = append(out, c)
	}
	return out, nil
}
