package main

import (
	"bytes"
	"fmt"
	"go/format"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"

	"github.com/redust/redust/core"
)

// The Go name for each word of the wire, empty for a flag that core derives.
var (
	flagConstants = map[string]string{
		"write": "Write", "readonly": "ReadOnlyCmd", "denyoom": "DenyOOM", "admin": "Admin", "pubsub": "PubSub",
		"noscript": "NoScript", "blocking": "Blocking", "loading": "Loading", "stale": "Stale",
		"skip_monitor": "SkipMonitor", "skip_slowlog": "SkipSlowlog", "asking": "Asking", "fast": "Fast",
		"no_auth": "NoAuth", "may_replicate": "MayReplicate", "no_mandatory_keys": "NoMandatoryKeys",
		"no_async_loading": "NoAsyncLoading", "no_multi": "NoMulti", "allow_busy": "AllowBusy", "movablekeys": "",
	}
	accessConstants = map[string]string{
		"RO": "ReadOnly", "RW": "ReadWrite", "OW": "Overwrite", "RM": "Remove", "access": "AccessData",
		"update": "Update", "insert": "Insert", "delete": "Delete", "not_key": "NotKey",
		"incomplete": "Incomplete", "variable_flags": "VariableFlags",
	}
	categoryConstants = map[string]string{
		"@keyspace": "CatKeyspace", "@read": "CatRead", "@write": "CatWrite", "@set": "CatSet",
		"@sortedset": "CatSortedSet", "@list": "CatList", "@hash": "CatHash", "@string": "CatString",
		"@bitmap": "CatBitmap", "@hyperloglog": "CatHyperloglog", "@geo": "CatGeo", "@stream": "CatStream",
		"@pubsub": "CatPubSub", "@admin": "CatAdmin", "@fast": "CatFast", "@slow": "CatSlow",
		"@blocking": "CatBlocking", "@dangerous": "CatDangerous", "@connection": "CatConnection",
		"@transaction": "CatTransaction", "@scripting": "CatScripting",
	}
	// impliedBy lists the categories that core adds for a flag.
	impliedBy = map[string][]string{
		"write": {"@write"}, "readonly": {"@read"}, "admin": {"@admin", "@dangerous"},
		"pubsub": {"@pubsub"}, "blocking": {"@blocking"}, "fast": {"@fast"},
	}
)

// render prints the literals, a container before its subcommands, gofmt-ed.
func render(commands []*command) ([]byte, error) {
	var p printer
	p.line("var commands = []core.Command{")
	for _, c := range commands {
		p.command(c)
		for _, s := range c.subs {
			p.command(s)
		}
	}
	p.line("}")
	if p.err != nil {
		return nil, p.err
	}
	const clause = "package p\n\n" // format.Source needs a file for declarations with comments
	src, err := format.Source(append([]byte(clause), p.b.Bytes()...))
	return bytes.TrimPrefix(src, []byte(clause)), err
}

// printer keeps the first error.
type printer struct {
	b   bytes.Buffer
	err error
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// field prints name: "value", or nothing for an empty value.
func (p *printer) field(name, value string) {
	if value != "" {
		p.line("%s: %s,", name, quote(value))
	}
}

func (p *printer) command(c *command) {
	p.line("{\nName: %q, Arity: %d,", strings.ToUpper(c.name), c.arity)
	if set := p.bits(c.flags, flagConstants); set != "" {
		p.line("Flags: %s,", set)
	}
	if len(c.keys) > 0 {
		p.line("Keys: %s,", p.keySpecs(c.keys))
	}
	p.field("Group", c.group)
	p.field("Since", c.since)
	p.complexity(c.complexity)
	p.line(`Summary: "", // oracle: %s`, c.summary)
	p.field("Syntax", p.syntax(c))
	if len(c.history) > 0 {
		p.line("History: [][2]string{")
		for _, h := range c.history {
			p.line(`{%q, ""}, // oracle: %s`, h[0], h[1])
		}
		p.line("},")
	}
	p.field("Deprecated", c.deprecated)
	p.field("ReplacedBy", c.replacedBy)
	p.list("DocFlags", slices.DeleteFunc(slices.Clone(c.docFlags), func(f string) bool { return f == "deprecated" }))
	p.list("Tips", c.tips)
	if extra := p.categories(c); len(extra) > 0 {
		p.line("ACL: %s,", p.bits(extra, categoryConstants))
	}
	if len(c.subs) == 0 || c.arity == -1 { // COMMAND alone is a command too
		p.line("Run: %s,", handlerName(c.name))
	}
	p.line("},")
}

// complexity keeps the formula and leaves the words to the writer.
func (p *printer) complexity(text string) {
	if text == "" {
		return
	}
	formula := leadingFormula(text)
	if formula == text {
		p.field("Complexity", text)
		return
	}
	p.line("Complexity: %q, // oracle: %s", formula, text)
}

// leadingFormula returns the first O(...) of text with its parentheses closed.
func leadingFormula(text string) string {
	start := strings.Index(text, "O(")
	if start < 0 {
		return ""
	}
	depth := 0
	for i, r := range text[start:] {
		switch r {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[start : start+i+1]
			}
		}
	}
	return ""
}

// syntax writes the arguments and makes sure that core reads them back as
// the server gave them.
func (p *printer) syntax(c *command) string {
	text := core.FormatSyntax(c.args)
	back, err := core.ParseSyntax(text)
	if err == nil && !reflect.DeepEqual(back, c.args) {
		err = fmt.Errorf("notation %q loses something", text)
	}
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("%s: %w", c.name, err)
	}
	return text
}

func (p *printer) list(name string, values []string) {
	if len(values) == 0 {
		return
	}
	var quoted []string
	for _, v := range values {
		quoted = append(quoted, quote(v))
	}
	p.line("%s: []string{%s},", name, strings.Join(quoted, ", "))
}

// bits joins the constants for words.
func (p *printer) bits(words []string, constants map[string]string) string {
	var out []string
	for _, w := range words {
		name, ok := constants[w]
		if !ok && p.err == nil {
			p.err = fmt.Errorf("core has no constant for %q", w)
		}
		if name != "" {
			out = append(out, "core."+name)
		}
	}
	return strings.Join(out, " | ")
}

// categories are those that do not follow from the flags. A category that
// core would add but Redis does not have is an error: core derives it wrongly.
func (p *printer) categories(c *command) []string {
	implied := []string{"@slow"}
	if slices.Contains(c.flags, "fast") {
		implied = nil
	}
	for _, f := range c.flags {
		if f == "readonly" && slices.Contains(c.acl, "@scripting") {
			continue // as Redis does: EVAL_RO is not in @read
		}
		implied = append(implied, impliedBy[f]...)
	}
	for _, cat := range implied {
		if !slices.Contains(c.acl, cat) && p.err == nil {
			p.err = fmt.Errorf("%s: %s is implied by its flags, but the server has it not", c.name, cat)
		}
	}
	return slices.DeleteFunc(slices.Clone(c.acl), func(cat string) bool { return slices.Contains(implied, cat) })
}

// keySpecs writes helper calls joined by And.
func (p *printer) keySpecs(specs []keySpec) string {
	var out []string
	for _, s := range specs {
		out = append(out, p.keySpec(s))
	}
	if len(out) == 1 {
		return out[0]
	}
	return out[0] + ".And(\n" + strings.Join(out[1:], ",\n") + ",\n)"
}

func (p *printer) keySpec(s keySpec) string {
	access := p.bits(s.flags, accessConstants)
	n := s.num
	oneKey := s.find == "range" && n["lastkey"] == 0 && n["keystep"] == 1 && n["limit"] == 0
	switch {
	case s.begin == "unknown" && s.find == "unknown":
		return fmt.Sprintf("core.KeyUnknown(%s)", access)
	case s.begin == "index" && oneKey:
		return fmt.Sprintf("core.KeyAt(%d, %s)", n["index"], access)
	case s.begin == "keyword" && oneKey:
		return fmt.Sprintf("core.KeyWord(%q, %d, %s)", s.keyword, n["startfrom"], access)
	case s.begin == "index" && s.find == "range" && n["limit"] == 0:
		last := n["lastkey"]
		if last >= 0 {
			last += n["index"]
		}
		return fmt.Sprintf("core.KeyRange(%d, %d, %d, %s)", n["index"], last, n["keystep"], access)
	case s.begin == "index" && s.find == "keynum" && n["keynumidx"] == 0 && n["firstkey"] == 1 && n["keystep"] == 1:
		return fmt.Sprintf("core.KeyNum(%d, %s)", n["index"], access)
	}
	return p.rawKeySpec(s, access)
}

// rawKeySpec writes a literal for a spec that no helper makes.
func (p *printer) rawKeySpec(s keySpec, access string) string {
	if (s.begin == "unknown" || s.find == "unknown") && p.err == nil {
		p.err = fmt.Errorf("core.KeySpec cannot tell begin %q with find %q", s.begin, s.find)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "core.KeySpecs{{Access: %s", access)
	if s.begin == "keyword" {
		fmt.Fprintf(&b, ", Keyword: %q, StartFrom: %d", s.keyword, s.num["startfrom"])
	} else {
		fmt.Fprintf(&b, ", Index: %d", s.num["index"])
	}
	if s.find == "keynum" {
		fmt.Fprintf(&b, ", Find: core.FindKeyNum, KeyNumIdx: %d, FirstKey: %d", s.num["keynumidx"], s.num["firstkey"])
	} else {
		fmt.Fprintf(&b, ", LastKey: %d", s.num["lastkey"])
	}
	fmt.Fprintf(&b, ", Step: %d", s.num["keystep"])
	if s.num["limit"] != 0 {
		fmt.Fprintf(&b, ", Limit: %d", s.num["limit"])
	}
	return b.String() + "}}"
}

// handlerName makes lpush of "lpush", configGet of "config|get" and
// typeCommand of "type", which Go keeps for itself (so do imports SORT and TIME).
func handlerName(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '|' || r == '-' || r == '_' })
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
		if words[i] == "Id" {
			words[i] = "ID"
		}
	}
	id := strings.Join(words, "")
	if token.IsKeyword(id) || types.Universe.Lookup(id) != nil || id == "sort" || id == "time" {
		id += "Command"
	}
	return id
}

// quote prefers a raw string where quotes would need escapes.
func quote(s string) string {
	if strings.Contains(s, `"`) && !strings.Contains(s, "`") {
		return "`" + s + "`"
	}
	return fmt.Sprintf("%q", s)
}
