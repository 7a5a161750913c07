package options

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/redust/redust/protocol"
)

// SavePoint is one condition of save: after Seconds, if at least Changes writes were made.
type SavePoint struct {
	Seconds int64
	Changes int64
}

// ParseSavePoints reads the text of a SavePoints option. Text that doesn't fit gives no points: the table never holds such.
func ParseSavePoints(text string) []SavePoint {
	points, _ := savePoints(strings.Split(text, " "))
	return points
}

func savePoints(args []string) ([]SavePoint, error) {
	if len(args) == 1 && args[0] == "" {
		return nil, nil
	}
	fault := errors.New("Invalid save parameters") //nolint:staticcheck // Redis's text
	if len(args)%2 != 0 {
		return nil, fault
	}
	var points []SavePoint
	for i := 0; i < len(args); i += 2 {
		seconds, err1 := saveNumber(args[i], 64)
		changes, err2 := saveNumber(args[i+1], 32)
		if err1 != nil || err2 != nil || seconds < 1 || changes < 0 {
			return nil, fault
		}
		points = append(points, SavePoint{Seconds: seconds, Changes: changes})
	}
	return points, nil
}

// saveNumber reads a number of a save point as C does: white space before it is skipped, nothing is 0.
func saveNumber(text string, bits int) (int64, error) {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	if text == "" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, bits)
}

func parseSavePoints(args []string) (value, error) {
	points, err := savePoints(args)
	if err != nil {
		return value{}, err
	}
	words := make([]string, 0, 2*len(points))
	for _, p := range points {
		words = append(words, strconv.FormatInt(p.Seconds, 10), strconv.FormatInt(p.Changes, 10))
	}
	return value{text: strings.Join(words, " "), num: int64(len(points))}, nil
}

// ClientClass is a class of client that has output buffer limits.
type ClientClass int

// The classes, in the order in which CONFIG GET prints them.
const (
	ClassNormal ClientClass = iota
	ClassReplica
	ClassPubSub
	ClassCount // how many there are
)

var classNames = [ClassCount]string{"normal", "slave", "pubsub"}

// BufferLimit is the output buffer limit of a client class. Zero means none.
type BufferLimit struct {
	HardBytes   uint64 // the client is closed at once
	SoftBytes   uint64 // the client is closed after being above for SoftSeconds
	SoftSeconds int64
}

// ParseBufferLimits reads the text of a BufferLimits option, by class. Text that doesn't fit gives no limits: the table never holds such.
func ParseBufferLimits(text string) [ClassCount]BufferLimit {
	var limits [ClassCount]BufferLimit
	_ = readBufferLimits(strings.Split(text, " "), &limits)
	return limits
}

func readBufferLimits(args []string, limits *[ClassCount]BufferLimit) error {
	if len(args) == 1 && args[0] == "" {
		return nil
	}
	if len(args)%4 != 0 {
		return errors.New("Wrong number of arguments in buffer limit configuration.") //nolint:staticcheck // Redis's text
	}
	for ; len(args) > 0; args = args[4:] {
		class, ok := clientClass(args[0])
		if !ok {
			return errors.New("Invalid client class specified in buffer limit configuration.") //nolint:staticcheck // Redis's text
		}
		hard, err1 := ParseMemory(args[1])
		soft, err2 := ParseMemory(args[2])
		seconds, err3 := strconv.ParseInt(args[3], 10, 64)
		if err1 != nil || err2 != nil || err3 != nil || seconds < 0 {
			return errors.New("Error in hard, soft or soft_seconds setting in buffer limit configuration.") //nolint:staticcheck // Redis's text
		}
		limits[class] = BufferLimit{HardBytes: hard, SoftBytes: soft, SoftSeconds: seconds}
	}
	return nil
}

// clientClass knows the classes that have limits; "master" is a class of Redis's too, but not one that may be limited.
func clientClass(name string) (ClientClass, bool) {
	switch strings.ToLower(name) {
	case "normal":
		return ClassNormal, true
	case "slave", "replica":
		return ClassReplica, true
	case "pubsub":
		return ClassPubSub, true
	default:
		return 0, false
	}
}

// parseBufferLimits changes the classes that are named and keeps the others as they are in current.
func parseBufferLimits(args []string, current string) (value, error) {
	limits := ParseBufferLimits(current)
	if err := readBufferLimits(args, &limits); err != nil {
		return value{}, err
	}
	words := make([]string, 0, ClassCount)
	for class, l := range limits {
		words = append(words, fmt.Sprintf("%s %d %d %d", classNames[class], l.HardBytes, l.SoftBytes, l.SoftSeconds))
	}
	return value{text: strings.Join(words, " ")}, nil
}

const (
	eventTypes  = "g$lshzxetd" // what A stands for, in the order of CONFIG GET
	eventOthers = "KEm"        // not in A
	eventNew    = "n"          // not in A, and not printed beside it
)

// parseEvents brings the letters of notify-keyspace-events into CONFIG GET's order. As in Redis the text has no n beside A, though it
// counts: the number is 1 where n was given.
func parseEvents(text string) (value, error) {
	expanded := strings.ReplaceAll(text, "A", eventTypes)
	for _, c := range expanded {
		if !strings.ContainsRune(eventTypes+eventOthers+eventNew, c) {
			return value{}, errors.New("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.") //nolint:staticcheck // Redis's text
		}
	}
	var canonical strings.Builder
	pick := func(letters string) {
		for _, c := range letters {
			if strings.ContainsRune(expanded, c) {
				canonical.WriteRune(c)
			}
		}
	}
	pick(eventTypes)
	if canonical.Len() == len(eventTypes) {
		canonical.Reset()
		canonical.WriteByte('A')
	} else {
		pick(eventNew)
	}
	pick(eventOthers)
	v := value{text: canonical.String()}
	if strings.Contains(expanded, eventNew) {
		v.num = 1
	}
	return v, nil
}

// ParsePercentiles reads the text of a Percentiles option. Text that doesn't fit gives none: the table never holds such.
func ParsePercentiles(text string) []float64 {
	if text == "" {
		return nil
	}
	var percentiles []float64
	for _, word := range strings.Split(text, " ") {
		p, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return nil
		}
		percentiles = append(percentiles, p)
	}
	return percentiles
}

func parsePercentiles(s *Spec, args []string) (value, error) {
	if len(args) == 1 && args[0] == "" {
		return value{}, nil
	}
	words := make([]string, 0, len(args))
	for _, arg := range args {
		p, ok := protocol.ParseFloat([]byte(arg)) // hexadecimal, too, as in Redis
		if !ok {
			return value{}, fmt.Errorf("Invalid %s parameters", s.Name) //nolint:staticcheck // Redis's text
		}
		if p < 0 || p > 100 {
			return value{}, fmt.Errorf("%s parameters should sit between [0.0,100.0]", s.Name)
		}
		word := strings.TrimRight(strconv.FormatFloat(p, 'f', 6, 64), "0")
		words = append(words, strings.TrimSuffix(word, "."))
	}
	return value{text: strings.Join(words, " ")}, nil
}

func parseScores(s *Spec, args []string) (value, error) {
	if len(args) != 3 {
		return value{}, errWords
	}
	words := make([]string, len(args))
	for i, arg := range args {
		n, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || n < -2000 || n > 2000 {
			return value{}, fmt.Errorf("Invalid %s, elements must be between -2000 and 2000.", s.Name) //nolint:staticcheck // Redis's text
		}
		words[i] = strconv.FormatInt(n, 10)
	}
	return value{text: strings.Join(words, " ")}, nil
}
