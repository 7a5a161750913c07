package conformance_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// stepKind says what one line of a script does.
type stepKind int

const (
	stepCommand stepKind = iota // send a command, compare its reply
	stepRaw                     // send raw bytes, read nothing
	stepRead                    // read one pending reply and compare it
	stepClient                  // switch to a named connection
	stepClose                   // close the current connection
	stepSleep
	stepConfig // CONFIG SET on both, undone after the script
	stepDB     // SELECT on the current connection
)

// step is one line of a script with the modifiers that stood before it.
type step struct {
	line    int
	text    string // as written, for messages and the skip file
	kind    stepKind
	tokens  []token
	raw     []byte
	name    string // client of stepClient, option of stepConfig
	mode    comparer
	async   bool          // send, leave the reply for @read
	scan    bool          // follow the cursor to the end, compare all elements
	capture string        // variable that takes the reply
	field   string        // the field of an INFO or CLIENT text to capture
	proto   int           // only under this protocol; 0 means both
	repeat  int           // times to send, at least 1
	wait    time.Duration // stepSleep, and the patience of a read
}

// script is one file of scripts/<family>/<command>.txt.
type script struct {
	path    string // relative to the package, with slashes
	family  string // folder
	command string // file name without .txt, a subcommand's parts joined by '-'
	source  []byte
	needs   []string // commands without which the script makes no sense, upper case
	steps   []step
}

// id names a script in the skip file and in messages: family/command.
func (s *script) id() string { return s.family + "/" + s.command }

// topic tells that the script is about a matter, not about one command.
func (s *script) topic() bool { return strings.HasPrefix(s.command, "topic.") }

// loadScripts parses every script below dir, sorted by path.
func loadScripts(dir string) ([]*script, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*", "*.txt"))
	if err != nil {
		return nil, err
	}
	var all []*script
	for _, p := range paths {
		src, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		s, err := parseScript(filepath.ToSlash(p), src)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// parseScript reads one script; errors name file and line.
func parseScript(path string, src []byte) (*script, error) {
	s := &script{
		path:    path,
		family:  filepath.Base(filepath.Dir(path)),
		command: strings.TrimSuffix(filepath.Base(path), ".txt"),
		source:  src,
	}
	next, pending := step{repeat: 1}, false
	for i, line := range strings.Split(string(src), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		next.line, next.text = i+1, line
		done := true
		var err error
		if list, ok := strings.CutPrefix(line, "@needs "); ok {
			s.needs = append(s.needs, strings.Fields(strings.ToUpper(list))...)
			continue
		}
		if line[0] == '@' {
			done, err = directive(&next, line)
		} else {
			next.tokens, err = splitArgs(line)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		pending = !done
		if done {
			s.steps = append(s.steps, next)
			next = step{repeat: 1}
		}
	}
	if pending {
		return nil, fmt.Errorf("%s: the last directive has no command after it", path)
	}
	return s, nil
}

// directive applies one @line to the coming step. done tells that the line is a
// step of its own; otherwise it modifies the line that follows.
func directive(next *step, line string) (done bool, err error) {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "@exact", "@unordered", "@pairs", "@approx", "@shape", "@type", "@fields", "@at", "@masked":
		next.mode, err = newComparer(word[1:], rest)
		return false, err
	case "@resp2", "@resp3":
		next.proto = int(word[5] - '0')
		return false, nil
	case "@async":
		next.async = true
		return false, nil
	case "@scan":
		next.scan = true
		return false, nil
	case "@capture":
		next.capture, next.field, _ = strings.Cut(rest, " ")
		if rest == "" {
			return false, fmt.Errorf("@capture needs a name")
		}
		return false, nil
	case "@repeat":
		next.repeat, err = strconv.Atoi(rest)
		return false, err
	case "@raw":
		next.kind = stepRaw
		toks, err := splitArgs(rest)
		for _, t := range toks {
			next.raw = append(next.raw, bytes.Join(t.expand(0), nil)...)
		}
		return true, err
	case "@read":
		next.kind, next.wait = stepRead, readPatience
		if rest != "" {
			next.wait, err = time.ParseDuration(rest)
		}
		return true, err
	case "@client":
		next.kind, next.name = stepClient, rest
		return true, nil
	case "@close":
		next.kind = stepClose
		return true, nil
	case "@sleep":
		next.kind = stepSleep
		next.wait, err = time.ParseDuration(rest)
		return true, err
	case "@config":
		next.kind = stepConfig
		next.tokens, err = splitArgs(rest)
		if err == nil && len(next.tokens) != 2 {
			err = fmt.Errorf("@config needs a name and a value")
		}
		return true, err
	case "@db":
		next.kind = stepDB
		next.tokens, err = splitArgs("SELECT " + rest)
		return true, err
	}
	return false, fmt.Errorf("unknown directive %s", word)
}
