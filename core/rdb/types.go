package rdb

import "strconv"

const (
	// Version is the format written, that of Redis 7.0.
	Version = 10
	// MaxVersion is the newest format that can be read, that of Redis 7.2.
	MaxVersion = 11

	magic = "REDIS"
)

// A Type is the number by which the format tells how a value is encoded.
type Type byte

const (
	TypeString           Type = 0
	TypeList             Type = 1 // elements one by one, large lists until Redis 3.0
	TypeSet              Type = 2
	TypeZSet             Type = 3 // scores as text, until Redis 3.2
	TypeHash             Type = 4
	TypeZSet2            Type = 5
	TypeModule           Type = 6 // of Redis 4.0's release candidates, can't be read without the module
	TypeModule2          Type = 7
	TypeHashZipmap       Type = 9
	TypeListZiplist      Type = 10
	TypeSetIntset        Type = 11
	TypeZSetZiplist      Type = 12
	TypeHashZiplist      Type = 13
	TypeListQuicklist    Type = 14 // of ziplists
	TypeStreamListpacks  Type = 15
	TypeHashListpack     Type = 16
	TypeZSetListpack     Type = 17
	TypeListQuicklist2   Type = 18 // of listpacks and plain nodes
	TypeStreamListpacks2 Type = 19 // from Redis 7.0
	TypeSetListpack      Type = 20 // from Redis 7.2
	TypeStreamListpacks3 Type = 21 // from Redis 7.2
)

// Containers of a quicklist's node.
const (
	quicklistPlain  = 1 // one large element as it is
	quicklistPacked = 2 // a listpack
)

// What follows in the data of a module.
const (
	moduleEOF      = 0
	moduleSigned   = 1
	moduleUnsigned = 2
	moduleFloat    = 3
	moduleDouble   = 4
	moduleString   = 5
)

// Opcodes stand where a type could, and introduce something else than a key.
const (
	opFunction2     byte = 245
	opFunctionPreGA byte = 246
	opModuleAux     byte = 247
	opIdle          byte = 248
	opFreq          byte = 249
	opAux           byte = 250
	opResizeDB      byte = 251
	opExpireMs      byte = 252
	opExpire        byte = 253
	opSelectDB      byte = 254
	opEOF           byte = 255
)

// A Kind is the type of a value as TYPE reports it, whatever its encoding.
type Kind byte

const (
	KindUnknown Kind = iota
	KindString
	KindList
	KindSet
	KindZSet
	KindHash
	KindStream
	KindModule
)

// String returns the kind as TYPE replies it.
func (k Kind) String() string {
	switch k {
	case KindString:
		return "string"
	case KindList:
		return "list"
	case KindSet:
		return "set"
	case KindZSet:
		return "zset"
	case KindHash:
		return "hash"
	case KindStream:
		return "stream"
	case KindModule:
		return "module"
	}
	return "unknown"
}

// Kind returns which kind of value t encodes, KindUnknown if there is no such type.
func (t Type) Kind() Kind {
	switch t {
	case TypeString:
		return KindString
	case TypeList, TypeListZiplist, TypeListQuicklist, TypeListQuicklist2:
		return KindList
	case TypeSet, TypeSetIntset, TypeSetListpack:
		return KindSet
	case TypeZSet, TypeZSet2, TypeZSetZiplist, TypeZSetListpack:
		return KindZSet
	case TypeHash, TypeHashZipmap, TypeHashZiplist, TypeHashListpack:
		return KindHash
	case TypeStreamListpacks, TypeStreamListpacks2, TypeStreamListpacks3:
		return KindStream
	case TypeModule, TypeModule2:
		return KindModule
	}
	return KindUnknown
}

// String returns the kind and the number, for messages.
func (t Type) String() string { return t.Kind().String() + " (type " + strconv.Itoa(int(t)) + ")" }
