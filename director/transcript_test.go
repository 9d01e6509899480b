package director

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"libckpt/internal/wire"
	"libckpt/tests/transcript"
)

// TestTranscripts carries out the commands of each transcript in testdata.
func TestTranscripts(t *testing.T) {
	transcript.Test(t, func(t *testing.T, out *strings.Builder) func([]string) {
		x := &script{t: t, core: NewCore(), out: out}
		x.core.Apply(&Found{Cluster: [16]byte{1}, Generation: 7, First: 1})
		return func(words []string) {
			x.do(words)
			if err := x.core.Check(); err != nil {
				t.Fatalf("after %q: %v", words, err)
			}
		}
	})
}

// script is a transcript under way.
type script struct {
	t    *testing.T
	core *Core
	out  *strings.Builder
}

func (x *script) printf(format string, args ...any) {
	fmt.Fprintf(x.out, "  "+format+"\n", args...)
}

// arguments are the words of a command of the form key=value; those without = have an empty value.
type arguments map[string]string

func (x *script) number(s string) uint64 {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		x.t.Fatalf("number %q", s)
	}
	return n
}

func (x *script) duration(s string) int64 {
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		x.t.Fatal(err)
	}
	return int64(d)
}

// node reads NODE, with the incarnation registered, or NODE/INCARNATION.
func (x *script) node(s string) From {
	name, inc, given := strings.Cut(s, "/")
	if given {
		return From{name, x.number(inc)}
	}
	return From{name, x.core.Incarnation(name)}
}

func (x *script) do(w []string) {
	a := arguments{}
	for _, f := range w[1:] {
		k, v, _ := strings.Cut(f, "=")
		a[k] = v
	}
	has := func(k string) bool { _, ok := a[k]; return ok }
	switch w[0] {
	case "up":
		x.apply(x.up(w[1], a))
	case "down":
		d := &NodesDown{}
		for _, name := range w[1:] {
			d.Nodes = append(d.Nodes, x.node(name))
		}
		x.apply(d)
	case "forget":
		x.apply(&NodeForget{x.node(w[1])})
	case "open":
		o := &Open{From: x.node(w[1])}
		o.Name, o.HasAttributes, o.CompareRetention = w[2], has("create"), has("compare")
		o.Backup = has("backup")
		if has("restore") {
			o.Restore = x.number(a["restore"])
		}
		if o.HasAttributes {
			o.Attributes = wire.Attributes{
				CreationFlags: wire.FlagAllReplicas, RetentionDuration: x.duration(a["retention"]),
				MaxSections: 1, MaxSectionSize: 64, MaxSectionIDSize: 8,
			}
			if has("sections") {
				o.Attributes.MaxSections = uint32(x.number(a["sections"]))
			}
			if has("asynchronous") {
				o.Attributes.CreationFlags = wire.FlagActiveReplica
			}
			if has("collocated") {
				o.Attributes.CreationFlags |= wire.FlagCollocated
			}
		}
		x.apply(o)
	case "close":
		x.apply(&Close{x.node(w[1]), x.number(w[2])})
	case "unlink":
		u := &Unlink{From: x.node(w[1])}
		u.Name = w[2]
		u.Request = wire.RequestID{Session: x.number(w[3]), Slot: uint16(x.number(w[4])), Number: x.number(w[5])}
		x.apply(u)
	case "retention":
		x.apply(&Retention{x.node(w[1]), x.number(w[2]), x.duration(w[3])})
	case "over":
		x.apply(&RetentionOver{[]Ended{{x.number(w[1]), x.number(w[2])}}})
	case "active":
		x.apply(&Active{x.node(w[1]), x.number(w[2])})
	case "ended":
		x.apply(&SessionEnded{x.node(w[1]), x.number(w[2])})
	case "drop", "joined", "lost":
		x.apply(x.replica(w, a))
	case "reconsider":
		x.printf("skipped %v", x.core.Skipped())
		x.apply(&Reconsider{})
	case "lock", "unlock":
		x.apply(&NodeLock{w[1], w[0] == "lock"})
	case "remove":
		x.apply(&NodeRemove{w[1], has("accept")})
	case "rebuild": // rebuild [lost=CLUSTER/GENERATION] [waive=NODE]
		r := &Rebuild{Waive: a["waive"]}
		if cluster, generation, ok := strings.Cut(a["lost"], "/"); ok {
			r.Cluster[0], r.Generation = byte(x.number(cluster)), x.number(generation)
		}
		x.apply(r)
	case "rebuild-end":
		x.apply(&RebuildEnd{})
	case "announce":
		x.apply(x.announce(w, a))
	case "recover":
		x.apply(&Recover{w[1], w[2], has("accept")})
	case "heartbeat":
		h := wire.HeartbeatRequest{Since: x.number(w[2])}
		if has("after") {
			h.After = x.number(a["after"])
		}
		r := x.core.Heartbeat(w[1], h)
		x.printf("version %d%s%s%s%s%s", r.Version, list(" drop", r.Drop), flagged(" full", r.Full), flagged(" more", r.More),
			flagged(" locked", r.Locked), flagged(" rebuild", r.Rebuild))
		for _, c := range r.Configs {
			x.printf("%s", config(&c))
		}
	case "list":
		for _, c := range x.core.List(wire.ListRequest{}).Checkpoints {
			x.printf("%s", config(&c))
		}
	case "leader": // what the clock of a new leader begins with
		for _, r := range x.core.Retentions() {
			x.retention(r)
		}
	case "restart": // from a snapshot
		b, err := x.core.Snapshot()
		if err != nil {
			x.t.Fatal(err)
		}
		if x.core, err = RestoreCore(b); err != nil {
			x.t.Fatal(err)
		}
		if again, _ := x.core.Snapshot(); !bytes.Equal(again, b) {
			x.t.Fatal("the snapshot of a restored state differs")
		}
	default:
		x.t.Fatalf("command %q", w[0])
	}
}

// up reads: up NODE/INCARNATION [host=] [boot=] [controller] [max=] [fresh] [cluster=] [has=1,2:open,3:missing,4:gen6,5:e2].
// Announced epochs have generation 7 and counter 0 if nothing else is said.
func (x *script) up(name string, a arguments) *NodeUp {
	u := &NodeUp{From: x.node(name), Host: "h-" + strings.Split(name, "/")[0], BootID: "b1", Holder: x.core.Incarnation(strings.Split(name, "/")[0])}
	if v, ok := a["host"]; ok {
		u.Host = v
	}
	if v, ok := a["boot"]; ok {
		u.BootID = v
	}
	if v, ok := a["max"]; ok {
		u.ReplicasMax = uint32(x.number(v))
	}
	if v, ok := a["cluster"]; ok {
		u.Cluster[0] = byte(x.number(v))
	}
	_, u.Controller = a["controller"]
	_, u.Fresh = a["fresh"]
	if a["has"] != "" {
		for _, r := range strings.Split(a["has"], ",") {
			parts := strings.Split(r, ":")
			e := Announced{Checkpoint: x.number(parts[0]), Generation: 7}
			e.Open = slices.Contains(parts, "open")
			e.Missing = slices.Contains(parts, "missing")
			if slices.Contains(parts, "gen6") {
				e.Generation = 6
			}
			for _, p := range parts[1:] {
				if v, ok := strings.CutPrefix(p, "e"); ok {
					e.Counter = x.number(v)
				}
			}
			u.Replicas = append(u.Replicas, e)
		}
	}
	return u
}

func (x *script) apply(c Command) {
	entry, err := EncodeCommand(c)
	if err != nil {
		x.t.Fatal(err)
	}
	if c, err = DecodeCommand(entry); err != nil {
		x.t.Fatal(err)
	}
	r := x.core.Apply(c)
	head := r.Code.String()
	if r.Text != "" {
		head += ": " + r.Text
	}
	x.printf("%s%s%s", head, flagged(" (register)", r.Unknown), flagged(" (others)", r.Others))
	if f := r.Config; f != nil && f.Gone {
		x.printf("%d gone", f.Config.Checkpoint)
	} else if f != nil {
		x.printf("%s%s%s", config(&f.Config), flagged(" created", f.Created), flagged(" fresh", f.Fresh))
	}
	if n := r.Node; n != nil {
		x.printf("version %d%s%s%s%s%s", n.Version, list(" drop", n.Drop), list(" foreign", n.Foreign), flagged(" more", n.More),
			flagged(" locked", n.Locked), flagged(" rebuild", n.Rebuild))
		for _, c := range n.Configs {
			x.printf("%s", config(&c))
		}
	}
	for _, r := range r.Retentions {
		x.retention(r)
	}
	for _, l := range r.Lost {
		x.printf("lost %d %s on %s", l.Checkpoint, l.Name, l.Node)
	}
	for _, name := range r.Restored {
		x.printf("restored %s", name)
	}
	if o := r.Operator; o != nil {
		for _, n := range o.Nodes {
			x.printf("node %s%s%s replicas %d", n.Name, flagged(" up", n.Up), flagged(" locked", n.Locked), n.Replicas)
		}
		for _, w := range o.Waiting {
			x.printf("waiting %d %s for %v%s", w.Checkpoint, w.Name, w.Nodes, flagged(": "+w.Text, w.Text != ""))
		}
	}
}

// replica reads: drop|joined|lost ACTIVE CHECKPOINT [NODE] [epoch=] [version=] [inc=] [full]. What is left out is as it is
// at present.
func (x *script) replica(w []string, a arguments) Command {
	r := ReplicaChange{From: x.node(w[1]), Checkpoint: x.number(w[2]), Version: x.core.Version()}
	if c := x.core.checkpoints[r.Checkpoint]; c != nil {
		r.Epoch = c.Config.Epoch
	}
	r.Replica = r.Node
	if w[0] != "lost" {
		r.Replica = w[3]
	}
	r.Linked = x.core.Incarnation(r.Replica)
	for key, value := range map[string]*uint64{"epoch": &r.Epoch.Counter, "version": &r.Version, "inc": &r.Linked} {
		if v, given := a[key]; given {
			*value = x.number(v)
		}
	}
	_, r.Full = a["full"]
	switch w[0] {
	case "drop":
		return &ReplicaDrop{r}
	case "joined":
		return &ReplicaJoined{r}
	}
	return &ReplicaLost{r}
}

// announce reads: announce NODE [more] {NUMBER:NAME:GENERATION.COUNTER[:key=value]...}... with the keys active, in, join
// (nodes with + between them), version, open, missing, unlinked, choice (the application chooses the active).
func (x *script) announce(w []string, a arguments) Command {
	c := &Announce{From: x.node(w[1])}
	_, c.More = a["more"]
	for _, word := range w[2:] {
		parts := strings.Split(word, ":")
		if len(parts) < 3 {
			continue
		}
		i := wire.ReplicaInfo{Config: wire.Config{Checkpoint: x.number(parts[0]), Name: parts[1]}}
		f := &i.Config
		f.Attributes = wire.Attributes{CreationFlags: wire.FlagAllReplicas, RetentionDuration: int64(time.Minute), MaxSections: 1}
		if _, err := fmt.Sscanf(parts[2], "%d.%d", &f.Epoch.Generation, &f.Epoch.Counter); err != nil {
			x.t.Fatal(err)
		}
		for _, p := range parts[3:] {
			key, value, _ := strings.Cut(p, "=")
			switch key {
			case "active":
				f.Active = value
			case "in":
				f.InSync = strings.Split(value, "+")
			case "join":
				f.Joining = strings.Split(value, "+")
			case "version":
				f.Version = x.number(value)
			case "open":
				i.Open = true
			case "missing":
				i.Missing = true
			case "unlinked":
				f.Unlinked = true
			case "choice":
				f.Attributes.CreationFlags = wire.FlagActiveReplica | wire.FlagCollocated
			default:
				x.t.Fatalf("key %q", key)
			}
		}
		c.Replicas = append(c.Replicas, i)
	}
	return c
}

func (x *script) retention(r RetentionChange) {
	if r.Running {
		x.printf("retention of %d guard %d runs %v", r.Checkpoint, r.Guard, time.Duration(r.Duration))
	} else {
		x.printf("retention of %d called off", r.Checkpoint)
	}
}

func flagged(text string, on bool) string {
	if on {
		return text
	}
	return ""
}

func list(text string, numbers []uint64) string {
	if len(numbers) == 0 {
		return ""
	}
	return fmt.Sprint(text, " ", numbers)
}

func config(c *wire.Config) string {
	active := c.Active
	if active == "" {
		active = "-"
	}
	return fmt.Sprintf("%d %s epoch %d.%d active %s in-sync %v%s open %v%s", c.Checkpoint, c.Name, c.Epoch.Generation,
		c.Epoch.Counter, active, c.InSync, flagged(fmt.Sprint(" joining ", c.Joining), len(c.Joining) > 0), c.Open,
		flagged(" unlinked", c.Unlinked))
}
