package conformance_test

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// comparer says when two replies count as equal. The zero value is exact.
type comparer struct {
	name      string
	tolerance float64 // approx: absolute; 0 means one percent, at least 50
	fields    []string
}

func newComparer(name, arg string) (comparer, error) {
	c := comparer{name: name}
	if arg == "" {
		return c, nil
	}
	switch name {
	case "fields":
		c.fields = strings.Fields(arg)
		return c, nil
	case "at":
		c.fields = strings.Split(arg, ".")
		return c, nil
	}
	if name != "approx" {
		return c, fmt.Errorf("@%s takes no argument", name)
	}
	var err error
	c.tolerance, err = strconv.ParseFloat(arg, 64)
	return c, err
}

// equal compares two raw replies: ours, then Redis's.
func (c comparer) equal(ours, theirs []byte) bool {
	if bytes.Equal(ours, theirs) {
		return true
	}
	if c.name == "" || c.name == "exact" {
		return false
	}
	a, err1 := parseReply(ours)
	b, err2 := parseReply(theirs)
	if err1 != nil || err2 != nil {
		return false
	}
	switch c.name {
	case "unordered":
		return a.kind == b.kind && a.null == b.null && slices.Equal(sortedElems(a, 1), sortedElems(b, 1))
	case "pairs":
		return a.kind == b.kind && a.null == b.null && slices.Equal(sortedElems(a, 2), sortedElems(b, 2))
	case "approx":
		return c.near(a, b)
	case "shape":
		return sameShape(a, b)
	case "type":
		return a.kind == b.kind && a.null == b.null && (a.kind != '-' || sameShape(a, b))
	case "fields":
		return c.sameFields(a, b)
	case "at":
		return a.kind == b.kind && slices.Equal(flatten("", a.at(c.fields)), flatten("", b.at(c.fields)))
	case "masked":
		return a.kind == b.kind && numbers.ReplaceAllString(a.render(""), "N") == numbers.ReplaceAllString(b.render(""), "N")
	}
	return false
}

// numbers are what @masked leaves out: times, ports, addresses in memory.
var numbers = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+`)

// at follows indexes, from 0, into nested aggregates.
func (v value) at(path []string) value {
	for _, p := range path {
		i, err := strconv.Atoi(p)
		if err != nil || i < 0 || i >= len(v.elems) {
			return value{kind: '_', null: true}
		}
		v = v.elems[i]
	}
	return v
}

// sortedElems renders the elements of an aggregate, width at a time, sorted. The
// pairs of a map, and of a flat array under @pairs, stay together.
func sortedElems(v value, width int) []string {
	if v.kind == '%' {
		width = 2
	}
	if !v.aggregate() {
		return []string{string(v.kind) + v.str()}
	}
	var out []string
	for chunk := range slices.Chunk(v.elems, width) {
		var b strings.Builder
		for _, e := range chunk {
			b.WriteString(string(e.kind) + e.render("") + "\x00")
		}
		out = append(out, b.String())
	}
	slices.Sort(out)
	return out
}

func (c comparer) near(a, b value) bool {
	if a.kind != b.kind || a.null != b.null || len(a.elems) != len(b.elems) {
		return false
	}
	for i := range a.elems {
		if !c.near(a.elems[i], b.elems[i]) {
			return false
		}
	}
	if bytes.Equal(a.text, b.text) {
		return true
	}
	x, err1 := strconv.ParseFloat(a.str(), 64)
	y, err2 := strconv.ParseFloat(b.str(), 64)
	if err1 != nil || err2 != nil {
		return false
	}
	allowed := c.tolerance
	if allowed == 0 {
		allowed = max(50, math.Abs(y)/100)
	}
	return math.Abs(x-y) <= allowed
}

// sameShape compares types and lengths, not contents. Errors are compared by
// their code, texts that list fields (INFO, CLIENT LIST) by the fields' names.
func sameShape(a, b value) bool {
	if a.kind != b.kind || a.null != b.null || len(a.elems) != len(b.elems) {
		return false
	}
	for i := range a.elems {
		if a.kind == '%' && i%2 == 0 && !bytes.Equal(a.elems[i].text, b.elems[i].text) {
			return false // the keys of a map belong to its shape
		}
		if !sameShape(a.elems[i], b.elems[i]) {
			return false
		}
	}
	switch a.kind {
	case '-':
		code1, _, _ := strings.Cut(a.str(), " ")
		code2, _, _ := strings.Cut(b.str(), " ")
		return code1 == code2
	case '$', '=':
		if !isText(b.str()) {
			return true
		}
		ours, theirs := fieldNames(a.str()), fieldNames(b.str())
		for _, f := range theirs {
			if !slices.Contains(ours, f) {
				return false
			}
		}
		for _, f := range ours { // fields of our own must say so
			if !slices.Contains(theirs, f) && !strings.HasPrefix(f, "redust_") {
				return false
			}
		}
	}
	return true
}

// isText tells lines of fields from prose and binary payloads.
func isText(s string) bool {
	return strings.Contains(s, "\n") && !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' && c != '\r' && c != '\n' || c > '~' })
}

// fieldNames lists the names in "# Section\r\nname:value\r\n" and "name=value
// name=value" texts; other texts have none.
func fieldNames(s string) []string {
	var names []string
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, "\r")
		if strings.HasPrefix(line, "# ") {
			names = append(names, line)
			continue
		}
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.ContainsAny(name, " =") {
			names = append(names, name)
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if name, _, ok := strings.Cut(word, "="); ok {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sameFields compares the values of the named fields of an INFO or CLIENT LIST
// text. "cmdstat_get.calls" is the part "calls" of the field cmdstat_get.
func (c comparer) sameFields(a, b value) bool {
	if a.kind != b.kind || a.null || b.null {
		return false
	}
	ours, theirs := fieldValues(a.str()), fieldValues(b.str())
	for _, f := range c.fields {
		if ours[f] != theirs[f] {
			return false
		}
	}
	return true
}

// fieldValues maps the fields of an INFO or CLIENT LIST text to their values.
// In a list of several clients the last one wins.
func fieldValues(s string) map[string]string {
	m := map[string]string{}
	for line := range strings.SplitSeq(s, "\n") {
		line = strings.TrimRight(line, "\r")
		name, val, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(name, " =") {
			for word := range strings.FieldsSeq(line) {
				name, val, _ := strings.Cut(word, "=")
				m[name] = val
			}
			continue
		}
		m[name] = val
		for part := range strings.SplitSeq(val, ",") {
			if sub, v, ok := strings.Cut(part, "="); ok {
				m[name+"."+sub] = v
			}
		}
	}
	return m
}
