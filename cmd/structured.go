package redustcmd

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/knadh/koanf/maps"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/v2"

	"github.com/redust/redust/core/options"
)

// structuredFile parses YAML or TOML and turns it into settings: a koanf.Parser around another. Options stand at the top level, or
// nested where their names have dots. A list is the words of one occurrence or, for options that repeat, may hold occurrences;
// such options may also be mappings: client-output-buffer-limit: {pubsub: 32mb 8mb 60}.
type structuredFile struct {
	name  string
	inner koanf.Parser
	table *options.Table
	next  *int
}

// parserFor chooses how to read a configuration file: by the ending of its name or, without a telling one, by the first line that
// has something to say.
func parserFor(name string, text []byte, table *options.Table, next *int) koanf.Parser {
	structured := func(p koanf.Parser) koanf.Parser {
		return structuredFile{name: name, inner: p, table: table, next: next}
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return structured(yaml.Parser())
	case ".toml":
		return structured(toml.Parser())
	case ".conf":
		return RedisConf{Name: name, next: next}
	}
	switch {
	case looksLike(text, yamlLine):
		return structured(yaml.Parser())
	case looksLike(text, tomlLine):
		return structured(toml.Parser())
	default:
		return RedisConf{Name: name, next: next}
	}
}

var (
	yamlLine = regexp.MustCompile(`^(---|["']?[\w.-]+["']?:(\s|$))`)
	tomlLine = regexp.MustCompile(`^(\[[\w."-]+\]|["']?[\w.-]+["']?\s*=)`)
)

// looksLike tests the first line that is neither empty nor a comment.
func looksLike(text []byte, shape *regexp.Regexp) bool {
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return shape.MatchString(line)
		}
	}
	return false
}

// Unmarshal parses the file. The error names it.
func (f structuredFile) Unmarshal(text []byte) (map[string]any, error) {
	tree, err := f.inner.Unmarshal(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", f.name, strings.ReplaceAll(err.Error(), "\n", " "))
	}
	maps.IntfaceKeysToStrings(tree)
	flat, _ := maps.Flatten(tree, nil, ".")
	s := newSettings(f.next)
	lines := strings.Split(string(text), "\n")
	for _, key := range sortedKeys(flat) {
		name, words := f.resolve(key)
		source := options.Source{Kind: options.FromFile, Name: f.name, Line: lineOf(lines, key)}
		occurrences, err := f.occurrences(name, flat[key])
		if err != nil {
			return nil, fmt.Errorf("option '%s' (%s): %w", name, source, err)
		}
		for _, o := range occurrences {
			if err := s.directive(name, append(words[:len(words):len(words)], o...), source, 0); err != nil {
				return nil, err
			}
		}
	}
	return s.byName, nil
}

// Marshal is the inner parser's.
func (f structuredFile) Marshal(m map[string]any) ([]byte, error) { return f.inner.Marshal(m) }

// resolve finds the option a key means. The key of a mapping below an option that repeats is the option's first word.
func (f structuredFile) resolve(key string) (name string, words []string) {
	if parent, child, nested := strings.Cut(key, "."); nested {
		if spec, ok := f.table.Spec(parent); ok && spec.Repeats() {
			return strings.ToLower(parent), []string{child}
		}
	}
	return strings.ToLower(key), nil
}

// occurrences turns a value into the words of each occurrence of the option.
func (f structuredFile) occurrences(name string, v any) ([][]string, error) {
	spec, _ := f.table.Spec(name)
	list, isList := v.([]any)
	if !isList {
		words, err := wordsOf(&spec, v)
		return [][]string{words}, err
	}
	var (
		all, joined [][]string
		several     bool
	)
	for _, element := range list {
		words, err := wordsOf(&spec, element)
		if err != nil {
			return nil, err
		}
		_, nested := element.([]any)
		several = several || nested || len(words) > 1
		all = append(all, words)
		if len(joined) == 0 {
			joined = append(joined, nil)
		}
		joined[0] = append(joined[0], words...)
	}
	switch {
	case spec.Repeats() && several:
		return all, nil
	case len(all) == 0:
		return [][]string{{""}}, nil
	default:
		return joined, nil
	}
}

// wordsOf writes a value as words of redis.conf. The text of an option with several words is cut as a line of redis.conf is.
func wordsOf(spec *options.Spec, v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return []string{""}, nil
	case bool:
		if v {
			return []string{"yes"}, nil
		}
		return []string{"no"}, nil
	case string:
		if !spec.Multi() || v == "" {
			return []string{v}, nil
		}
		return splitWords(v)
	case float64:
		return []string{strconv.FormatFloat(v, 'f', -1, 64)}, nil
	case int, int64, uint64:
		return []string{fmt.Sprint(v)}, nil
	case []any:
		var words []string
		for _, element := range v {
			more, err := wordsOf(spec, element)
			if err != nil {
				return nil, err
			}
			words = append(words, more...)
		}
		return words, nil
	default:
		return nil, fmt.Errorf("a value of type %T can't be an option's", v)
	}
}

// lineOf finds the line of a key in YAML or TOML by its last part; 0 if it is not found. The parsers don't say it.
func lineOf(lines []string, key string) int {
	last := key[strings.LastIndexByte(key, '.')+1:]
	for i, line := range lines {
		line = strings.TrimLeft(line, " \t\"'{")
		if rest, ok := strings.CutPrefix(line, last); ok {
			if rest = strings.TrimLeft(rest, " \t\"'"); rest != "" && (rest[0] == ':' || rest[0] == '=') {
				return i + 1
			}
		}
	}
	return 0
}
