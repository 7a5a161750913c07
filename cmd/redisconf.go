package redustcmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/redust/redust/core/options"
)

// maxIncludeDepth stops files that include each other.
const maxIncludeDepth = 16

// Setting is one occurrence of an option in a source: its words, and where they stand.
type Setting struct {
	Args   []string
	Source options.Source
	Order  int // position among all settings of all sources, so that faults are reported in the order a reader meets them
}

// settings gathers what the sources say, by lower-case option name. All sources share one counter of order.
type settings struct {
	byName map[string]any // of []Setting, as koanf wants it
	next   *int
}

func newSettings(next *int) *settings { return &settings{byName: make(map[string]any), next: next} }

func (s *settings) add(name string, args []string, source options.Source) {
	*s.next++
	list, _ := s.byName[name].([]Setting)
	s.byName[name] = append(list, Setting{Args: args, Source: source, Order: *s.next})
}

// RedisConf parses the directives of redis.conf: a koanf.Parser whose values are []Setting. include is followed in place; its patterns and
// relative paths are taken from the working directory, as Redis does.
type RedisConf struct {
	Name string // of the file, for messages
	next *int
}

// Unmarshal parses the text of a file. The error names file and line.
func (p RedisConf) Unmarshal(text []byte) (map[string]any, error) {
	next := p.next
	if next == nil {
		next = new(int)
	}
	s := newSettings(next)
	return s.byName, s.parse(p.Name, string(text), 0)
}

// Marshal writes the settings as directives, options in alphabetical order. Comments and includes are not kept: see Rewrite.
func (p RedisConf) Marshal(m map[string]any) ([]byte, error) {
	var b strings.Builder
	for _, name := range sortedKeys(m) {
		list, ok := m[name].([]Setting)
		if !ok {
			return nil, fmt.Errorf("option '%s': a value of type %T can't be written", name, m[name])
		}
		for _, setting := range list {
			b.WriteString(directive(name, setting.Args))
			b.WriteByte('\n')
		}
	}
	return []byte(b.String()), nil
}

// directive writes a line of redis.conf.
func directive(name string, args []string) string {
	var b strings.Builder
	b.WriteString(name)
	for _, arg := range args {
		b.WriteByte(' ')
		b.WriteString(quoteIfNeeded(arg))
	}
	return b.String()
}

// parse adds the directives of a file, and of the files it includes.
func (s *settings) parse(file, text string, depth int) error {
	for i, line := range strings.Split(text, "\n") {
		line = strings.Trim(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		source := options.Source{Kind: options.FromFile, Name: file, Line: i + 1}
		words, err := splitWords(line)
		if err != nil {
			return fmt.Errorf("%s: %w", source, err)
		}
		if len(words) == 0 {
			continue
		}
		if err := s.directive(strings.ToLower(words[0]), words[1:], source, depth); err != nil {
			return err
		}
	}
	return nil
}

// directive adds one directive; include adds the directives of other files instead.
func (s *settings) directive(name string, args []string, source options.Source, depth int) error {
	if name != "include" || len(args) != 1 {
		s.add(name, args, source)
		return nil
	}
	if depth == maxIncludeDepth {
		return fmt.Errorf("option 'include' (%s): files include each other more than %d deep", source, maxIncludeDepth)
	}
	files := []string{args[0]}
	if strings.ContainsAny(args[0], "*?[") {
		var err error
		if files, err = filepath.Glob(args[0]); err != nil {
			return fmt.Errorf("option 'include' (%s): '%s': %w", source, args[0], err)
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("option 'include' (%s): %w", source, cannotOpen(file, err))
		}
		if err := s.parse(file, string(text), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func cannotOpen(file string, err error) error {
	return fmt.Errorf("can't open config file '%s': %s", file, reason(err))
}

// reason is the system's word for an error, as C programs print it: "No such file or directory".
func reason(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
