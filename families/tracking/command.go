package tracking

import (
	"slices"
	"strings"

	"github.com/redust/redust/core"
	"github.com/redust/redust/protocol"
)

const always = core.NoScript | core.Loading | core.Stale

func (f *family) commands() []core.Command {
	return []core.Command{
		{
			Name: "CLIENT|CACHING", Arity: 3,
			Flags:      always,
			Group:      "connection",
			Since:      "6.0.0",
			Complexity: "O(1)",
			Summary:    "Tells whether the keys of the next command are tracked.",
			Syntax:     "mode(YES|NO)",
			ACL:        core.CatConnection,
			Run:        caching,
		},
		{
			Name: "CLIENT|GETREDIR", Arity: 2,
			Flags:      always,
			Group:      "connection",
			Since:      "6.0.0",
			Complexity: "O(1)",
			Summary:    "Tells which client receives this one's invalidations.",
			ACL:        core.CatConnection,
			Run:        getRedir,
		},
		{
			Name: "CLIENT|TRACKING", Arity: -3,
			Flags:      always,
			Group:      "connection",
			Since:      "6.0.0",
			Complexity: "O(1), more with prefixes",
			Summary:    "Turns invalidations for client-side caching on or off.",
			Syntax:     "status(ON|OFF) [client-id:integer=REDIRECT] [prefix:string=PREFIX...=] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
			ACL:        core.CatConnection,
			Run:        f.tracking,
		},
		{
			Name: "CLIENT|TRACKINGINFO", Arity: 2,
			Flags:      always,
			Group:      "connection",
			Since:      "6.2.0",
			Complexity: "O(1)",
			Summary:    "Shows what client-side caching is set to for this connection.",
			ACL:        core.CatConnection,
			Run:        trackingInfo,
		},
	}
}

const (
	errOneRedirect  = protocol.Error("ERR A client can only redirect to a single other client")
	errNoTarget     = protocol.Error("ERR The client ID you want redirect to does not exist")
	errPrefixMode   = protocol.Error("ERR PREFIX option requires BCAST mode to be enabled")
	errSwitchBcast  = protocol.Error("ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.")
	errBcastOpt     = protocol.Error("ERR OPTIN and OPTOUT are not compatible with BCAST")
	errBothOpts     = protocol.Error("ERR You can't specify both OPTIN mode and OPTOUT mode")
	errSwitchOpt    = protocol.Error("ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.")
	errCachingMode  = protocol.Error("ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled")
	errCachingYes   = protocol.Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
	errCachingNo    = protocol.Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
	overlapsExist   = "' overlaps with an existing prefix '"
	overlapsAnother = "' overlaps with another provided prefix '"
)

// request is a parsed CLIENT TRACKING.
type request struct {
	mode     mode
	redirect int64
	prefixes []string
}

func (f *family) tracking(c *core.Ctx) error {
	o, err := f.parse(c.Args[3:])
	if err != nil {
		return err
	}
	switch {
	case strings.EqualFold(string(c.Args[2]), "ON"):
		if err := o.check(of(c.Client())); err != nil {
			return err
		}
		f.enable(c.Client(), o)
	case strings.EqualFold(string(c.Args[2]), "OFF"):
		f.disable(c.Client())
	default:
		return protocol.ErrSyntax
	}
	c.Reply.OK()
	return nil
}

func (f *family) parse(args [][]byte) (*request, error) {
	o := new(request)
	for i := 0; i < len(args); i++ {
		more := i+1 < len(args)
		switch word := strings.ToUpper(string(args[i])); {
		case word == "REDIRECT" && more:
			i++
			if o.redirect != 0 {
				return nil, errOneRedirect
			}
			id, ok := protocol.ParseInt(args[i])
			if !ok {
				return nil, protocol.ErrNotInt
			}
			if o.redirect = id; f.eng.Clients().Get(id) == nil {
				return nil, errNoTarget
			}
		case word == "PREFIX" && more:
			i++
			o.prefixes = append(o.prefixes, string(args[i]))
		case word == "BCAST":
			o.mode |= bcast
		case word == "OPTIN":
			o.mode |= optIn
		case word == "OPTOUT":
			o.mode |= optOut
		case word == "NOLOOP":
			o.mode |= noLoop
		default:
			return nil, protocol.ErrSyntax
		}
	}
	return o, nil
}

// check finds what does not go together, in Redis's order. s is the client's present state, or nil.
func (o *request) check(s *state) error {
	if o.mode&bcast == 0 && len(o.prefixes) > 0 {
		return errPrefixMode
	}
	if s != nil && s.has(bcast) != (o.mode&bcast != 0) {
		return errSwitchBcast
	}
	if o.mode&bcast != 0 && o.mode&(optIn|optOut) != 0 {
		return errBcastOpt
	}
	if o.mode&optIn != 0 && o.mode&optOut != 0 {
		return errBothOpts
	}
	if s != nil && (o.mode&optIn != 0 && s.has(optOut) || o.mode&optOut != 0 && s.has(optIn)) {
		return errSwitchOpt
	}
	var has []string
	if s != nil {
		has = s.prefixes
	}
	for i, p := range o.prefixes {
		for _, q := range has {
			if overlap(p, q) {
				return overlapError(p, overlapsExist, q)
			}
		}
		for _, q := range o.prefixes[i+1:] {
			if overlap(p, q) {
				return overlapError(p, overlapsAnother, q)
			}
		}
	}
	return nil
}

func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

func overlapError(p, how, q string) error {
	return protocol.Error("ERR Prefix '" + p + how + q + "'. Prefixes for a single client must not overlap.")
}

func caching(c *core.Ctx) error {
	s := of(c.Client())
	if s == nil {
		return errCachingMode
	}
	switch word := strings.ToUpper(string(c.Args[2])); {
	case word == "YES" && !s.has(optIn):
		return errCachingYes
	case word == "NO" && !s.has(optOut):
		return errCachingNo
	case word != "YES" && word != "NO":
		return protocol.ErrSyntax
	}
	c.Client().SetCaching(c.Command())
	c.Reply.OK()
	return nil
}

func getRedir(c *core.Ctx) error {
	id := int64(-1)
	if s := of(c.Client()); s != nil {
		id = s.redirect.Load()
	}
	c.Reply.Int(id)
	return nil
}

func trackingInfo(c *core.Ctx) error {
	s := of(c.Client())
	flags, redirect := []string{"off"}, int64(-1)
	var prefixes []string
	if s != nil {
		flags, redirect, prefixes = s.flags(), s.redirect.Load(), s.prefixes
	}
	c.Reply.Map(3)
	c.Reply.BulkString("flags")
	c.Reply.Set(len(flags))
	for _, fl := range flags {
		c.Reply.BulkString(fl)
	}
	c.Reply.BulkString("redirect")
	c.Reply.Int(redirect)
	c.Reply.BulkString("prefixes")
	c.Reply.Array(len(prefixes))
	for _, p := range prefixes {
		c.Reply.BulkString(p)
	}
	return nil
}

// flags are TRACKINGINFO's words. Owner only.
func (s *state) flags() []string {
	words := []string{"on"}
	add := func(on bool, w string) {
		if on {
			words = append(words, w)
		}
	}
	add(s.has(bcast), "bcast")
	add(s.has(optIn), "optin")
	add(s.has(optIn) && s.client.Caching(), "caching-yes")
	add(s.has(optOut), "optout")
	add(s.has(optOut) && s.client.Caching(), "caching-no")
	add(s.has(noLoop), "noloop")
	add(s.broken.Load(), "broken_redirect")
	return slices.Clip(words)
}
