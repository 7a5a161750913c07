package options

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The texts below are those of Redis 7.0, since CONFIG SET's clients read them.
var (
	errNotBool    = errors.New("argument must be 'yes' or 'no'")
	errNotInteger = errors.New("argument couldn't be parsed into an integer")
	errNotOctal   = errors.New("argument couldn't be parsed as an octal number")
	errNotMemory  = errors.New("argument must be a memory value")
	errNotPercent = errors.New("argument must be a memory or percent value")
	errWords      = errors.New("wrong number of arguments")
	errTitle      = errors.New("template format is invalid or contains unknown variables")
)

func (o *option) parseDefault() (value, error) {
	return o.parse(splitArgs(&o.spec, o.spec.Default), value{})
}

// parse turns the words of a value into its canonical form. BufferLimits names only the classes it changes; the others keep what
// they have in current.
func (o *option) parse(args []string, current value) (value, error) {
	s := &o.spec
	if !s.Multi() && len(args) != 1 {
		return value{}, errWords
	}
	var (
		v   value
		err error
	)
	switch s.Kind {
	case Int, Octal, Memory, Percent:
		v, err = parseNumber(s, args[0])
	case Bool:
		v, err = parseBool(args[0])
	case String, Filename, Title:
		v, err = parseText(s, args[0])
	case Enum:
		v, err = parseEnum(s, args[0])
	case Flags:
		v, err = parseFlags(s, args)
	case List:
		v, err = parseList(s, args)
	case SavePoints:
		v, err = parseSavePoints(args)
	case BufferLimits:
		v, err = parseBufferLimits(args, current.text)
	case Events:
		v, err = parseEvents(args[0])
	case Percentiles:
		v, err = parsePercentiles(s, args)
	case Scores:
		v, err = parseScores(s, args)
	case Address:
		v, err = parseAddress(args)
	default:
		err = fmt.Errorf("a %s has no value", s.Kind)
	}
	if err == nil && s.Check != nil {
		err = s.Check(v.text)
	}
	if err == nil && s.Canonical != nil {
		v.text = s.Canonical(v.text)
	}
	return v, err
}

func parseBool(text string) (value, error) {
	switch {
	case strings.EqualFold(text, "yes"):
		return value{text: "yes", num: 1}, nil
	case strings.EqualFold(text, "no"):
		return value{text: "no"}, nil
	default:
		return value{}, errNotBool
	}
}

func parseNumber(s *Spec, text string) (value, error) {
	switch s.Kind {
	case Memory:
		return parseMemory(s, text, errNotMemory)
	case Percent:
		if percent, ok := strings.CutSuffix(text, "%"); ok {
			return parsePercent(s, percent)
		}
		return parseMemory(s, text, errNotPercent)
	case Octal:
		n, err := strconv.ParseInt(text, 8, 64)
		if err != nil {
			return value{}, errNotOctal
		}
		if n < s.Min || n > s.max() {
			return value{}, fmt.Errorf("argument must be between %o and %o inclusive", s.Min, s.max())
		}
		return value{text: strconv.FormatInt(n, 8), num: n}, nil
	default:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || strconv.FormatInt(n, 10) != text {
			return value{}, errNotInteger
		}
		if n < s.Min || n > s.max() {
			return value{}, fmt.Errorf("argument must be between %d and %d inclusive", s.Min, s.max())
		}
		if s.Clamp != [2]int64{} {
			n = min(max(n, s.Clamp[0]), s.Clamp[1])
		}
		return value{text: strconv.FormatInt(n, 10), num: n}, nil
	}
}

// parseMemory parses a size. Only an explicit Max is a limit: a Memory option without one takes all of 64 bits, unsigned.
func parseMemory(s *Spec, text string, fault error) (value, error) {
	n, err := ParseMemory(text)
	if err != nil {
		return value{}, fault
	}
	limit := uint64(math.MaxUint64)
	switch {
	case s.Kind == Percent: // Max is that of the percentage; negative numbers are percentages, so sizes have 63 bits
		limit = math.MaxInt64
	case s.Max != 0:
		limit = uint64(s.Max)
	}
	if n < uint64(s.Min) || n > limit {
		return value{}, fmt.Errorf("argument must be between %d and %d inclusive", s.Min, limit)
	}
	if s.Clamp != [2]int64{} {
		n = min(max(n, uint64(s.Clamp[0])), uint64(s.Clamp[1]))
	}
	return value{text: strconv.FormatUint(n, 10), num: int64(min(n, math.MaxInt64))}, nil
}

// parsePercent parses the number before the percent sign. Its handle reads it negative, so that 5% and 5 bytes differ.
func parsePercent(s *Spec, digits string) (value, error) {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != digits || n < 0 {
		return value{}, errNotPercent
	}
	if n > s.max() {
		return value{}, fmt.Errorf("percentage argument must be less or equal to %d", s.max())
	}
	if n == 0 {
		return value{text: "0"}, nil // a share of nothing is shown as bytes
	}
	return value{text: digits + "%", num: -n}, nil
}

// ParseMemory reads a number of bytes with an optional unit, as redis.conf writes it: 512, 100mb, 1k (1000), 1kb (1024). An empty text is 0.
// Numbers beyond 64 bits are taken as the largest one.
func ParseMemory(text string) (uint64, error) {
	end := 0
	for end < len(text) && '0' <= text[end] && text[end] <= '9' {
		end++
	}
	var unit uint64
	switch strings.ToLower(text[end:]) {
	case "", "b":
		unit = 1
	case "k":
		unit = 1000
	case "kb":
		unit = 1 << 10
	case "m":
		unit = 1000 * 1000
	case "mb":
		unit = 1 << 20
	case "g":
		unit = 1000 * 1000 * 1000
	case "gb":
		unit = 1 << 30
	default:
		return 0, errNotMemory
	}
	var n uint64
	if end > 0 {
		// The only possible error is one of range, and then n is the largest number.
		n, _ = strconv.ParseUint(text[:end], 10, 64)
	}
	if n > math.MaxUint64/unit {
		return math.MaxUint64, nil
	}
	return n * unit, nil
}

func parseText(s *Spec, text string) (value, error) {
	switch s.Kind {
	case Filename:
		if int64(len(text)) < s.Min {
			return value{}, fmt.Errorf("%s can't be empty", s.Name)
		}
		if strings.ContainsRune(text, '/') {
			return value{}, fmt.Errorf("%s can't be a path, just a %s", s.Name, s.Unit)
		}
	case Title:
		if !validTitle(text) {
			return value{}, errTitle
		}
	}
	return value{text: text}, nil
}

var titleVariables = []string{"title", "listen-addr", "server-mode", "port", "tls-port", "unixsocket", "config-file"}

// validTitle reports whether all braces of a proc-title-template hold known variables and something is left if those that may be
// empty are.
func validTitle(text string) bool {
	filled := ""
	for {
		literal, rest, found := strings.Cut(text, "{")
		filled += literal
		if !found {
			return strings.Trim(filled, " ") != ""
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !slices.Contains(titleVariables, name) {
			return false
		}
		if name != "title" && name != "unixsocket" && name != "config-file" {
			filled += name
		}
		text = after
	}
}

func parseEnum(s *Spec, text string) (value, error) {
	for i, name := range s.Enum {
		if strings.EqualFold(name, text) {
			return value{text: name, num: int64(i)}, nil
		}
	}
	return value{}, errNotOneOf(s)
}

func errNotOneOf(s *Spec) error {
	return fmt.Errorf("argument(s) must be one of the following: %s", strings.Join(s.Enum, ", "))
}

func parseFlags(s *Spec, args []string) (value, error) {
	var bits int64
	for _, arg := range args {
		v, err := parseEnum(s, arg)
		if err != nil {
			return value{}, err
		}
		if v.num > 0 {
			bits |= 1 << (v.num - 1)
		}
	}
	var names []string
	for i, name := range s.Enum[1:] {
		if bits&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = s.Enum[:1]
	}
	if slices.Contains(names, "save") && slices.Contains(names, "nosave") {
		return value{}, errors.New("shutdown options SAVE and NOSAVE can't be used simultaneously")
	}
	return value{text: strings.Join(names, " "), num: bits}, nil
}

func parseList(s *Spec, args []string) (value, error) {
	if len(args) == 1 && args[0] == "" {
		return value{}, nil
	}
	if int64(len(args)) > s.max() {
		return value{}, fmt.Errorf("Too many %s addresses specified.", s.Name) //nolint:staticcheck // Redis's text
	}
	return value{text: strings.Join(args, " "), num: int64(len(args))}, nil
}

func parseAddress(args []string) (value, error) {
	if len(args) == 1 && args[0] == "" {
		return value{}, nil
	}
	if len(args) != 2 {
		return value{}, errWords
	}
	if strings.EqualFold(args[0], "no") && strings.EqualFold(args[1], "one") {
		return value{}, nil
	}
	port, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil || port < 0 || port > 65535 {
		return value{}, errors.New("Invalid master port") //nolint:staticcheck // Redis's text
	}
	return value{text: args[0] + " " + args[1]}, nil
}
