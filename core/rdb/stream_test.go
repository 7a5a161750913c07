package rdb

import (
	"reflect"
	"strings"
	"testing"
)

func sampleStream() *Stream {
	// Two entries with the master's fields, one of them deleted, and one with a field of its own.
	entries := lp("2", "1", "1", "name", "0", "2", "0", "0", "v", "4", "3", "5", "0", "w", "4", "0", "6", "1", "1", "other", "x", "6")
	return &Stream{
		Nodes:  []StreamNode{{Key: StreamID{1000, 1}, Entries: entries}, {Key: StreamID{2000, 0}, Entries: entries}},
		Length: 4, LastID: StreamID{2006, 1}, FirstID: StreamID{1000, 1}, MaxDeletedID: StreamID{2005, 0}, EntriesAdded: 6,
		Groups: []StreamGroup{
			{Name: []byte("idle"), LastID: StreamID{0, 0}, EntriesRead: -1},
			{
				Name: []byte("g"), LastID: StreamID{1006, 2}, EntriesRead: 2,
				Pending:   []StreamPending{{StreamID{1000, 1}, 1700000000000, 1}, {StreamID{1006, 2}, 1700000000001, 3}},
				Consumers: []StreamConsumer{{[]byte("a"), 1, 2, []StreamID{{1006, 2}}}, {[]byte("b"), 3, -1, []StreamID{{1000, 1}}}},
			},
		},
	}
}

func encodeStream(t Type, s *Stream) []byte {
	e := NewEncoder(nil, EncoderOptions{})
	e.Stream(t, s)
	return e.Bytes()
}

func streamSamples() [][]byte {
	return [][]byte{encodeStream(TypeStreamListpacks3, sampleStream()), encodeStream(TypeStreamListpacks3, &Stream{LastID: StreamID{5, 5}})}
}

func TestStreamVersions(t *testing.T) {
	v3 := sampleStream()
	v2, v1 := sampleStream(), sampleStream()
	for _, s := range []*Stream{v1, v2} {
		for i := range s.Groups[1].Consumers {
			s.Groups[1].Consumers[i].ActiveMs = 0
		}
	}
	v1.FirstID, v1.MaxDeletedID, v1.EntriesAdded, v1.Groups[1].EntriesRead = StreamID{}, StreamID{}, 0, -1
	for typ, want := range map[Type]*Stream{TypeStreamListpacks: v1, TypeStreamListpacks2: v2, TypeStreamListpacks3: v3} {
		body := encodeStream(typ, sampleStream())
		d := NewBytesDecoder(body, DecoderOptions{})
		got, err := d.ReadStream(typ)
		if err != nil || d.Offset() != int64(len(body)) {
			t.Fatalf("%v: %v", typ, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: %+v, want %+v", typ, got, want)
		}
		for cut := range body {
			if _, err := NewBytesDecoder(body[:cut], DecoderOptions{}).ReadStream(typ); err == nil {
				t.Errorf("%v cut at %d: accepted", typ, cut)
			}
		}
	}
}

func TestDamagedStreams(t *testing.T) {
	cases := []struct {
		name string
		harm func(s *Stream)
		want string
	}{
		{"keys", func(s *Stream) { s.Nodes[1].Key = s.Nodes[0].Key }, "ascending"},
		{"no nodes", func(s *Stream) { s.Nodes = nil }, "no entries"},
		{"group twice", func(s *Stream) { s.Groups[0].Name = s.Groups[1].Name }, "group twice"},
		{"consumer twice", func(s *Stream) { s.Groups[1].Consumers[0].Name = []byte("b") }, "consumer twice"},
		{"pending twice", func(s *Stream) { s.Groups[1].Pending[0] = s.Groups[1].Pending[1] }, "pending entry twice"},
		{"pending unknown", func(s *Stream) { s.Groups[1].Consumers[0].Pending[0].Seq = 9 }, "not the group's"},
		{"two consumers", func(s *Stream) { s.Groups[1].Consumers[0].Pending[0] = StreamID{1000, 1} }, "another consumer"},
		{"no consumer", func(s *Stream) { s.Groups[1].Consumers = s.Groups[1].Consumers[:1] }, "without a consumer"},
		{"empty listpack", func(s *Stream) { s.Nodes[0].Entries = lp() }, "no node"},
		{"count", func(s *Stream) { s.Nodes[0].Entries = s.Nodes[0].Entries.Replace(6, []byte("3")) }, "no node"},
		{"text for a count", func(s *Stream) { s.Nodes[0].Entries = s.Nodes[0].Entries.Replace(6, []byte("x")) }, "no node"},
		{"negative count", func(s *Stream) { s.Nodes[0].Entries = s.Nodes[0].Entries.Replace(6, []byte("-1")) }, "no node"},
		{"many fields", func(s *Stream) {
			l := s.Nodes[0].Entries
			s.Nodes[0].Entries = l.Replace(l.Seek(2), []byte("9223372036854775807"))
		}, "no node"},
		{"too many elements", func(s *Stream) { s.Nodes[0].Entries = s.Nodes[0].Entries.Append([]byte("x")) }, "no node"},
		{"elements of an entry", func(s *Stream) { l := s.Nodes[0].Entries; s.Nodes[0].Entries = l.Replace(l.Last(), []byte("5")) }, "no node"},
	}
	for _, c := range cases {
		s := sampleStream()
		c.harm(s)
		_, err := NewBytesDecoder(encodeStream(TypeStreamListpacks3, s), DecoderOptions{}).ReadStream(TypeStreamListpacks3)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
