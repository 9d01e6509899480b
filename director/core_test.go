package director

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"libckpt/internal/wire"
)

func founded() *Core {
	k := NewCore()
	k.Apply(&Found{Cluster: [16]byte{1}, Generation: 7, First: 1})
	return k
}

func up(k *Core, name string, controller bool, replicasMax uint32) From {
	f := From{name, 1}
	if r := k.Apply(&NodeUp{From: f, Host: name, Controller: controller, ReplicasMax: replicasMax}); r.Code != wire.OK {
		panic(r.Text)
	}
	return f
}

func create(k *Core, f From, name string, a wire.Attributes) Result {
	o := &Open{From: f}
	o.Name, o.HasAttributes, o.Attributes = name, true, a
	return k.Apply(o)
}

func TestPlace(t *testing.T) {
	collocated := wire.Attributes{CreationFlags: wire.FlagAllReplicas | wire.FlagCollocated}
	other := wire.Attributes{CreationFlags: wire.FlagActiveReplica}
	for _, c := range []struct {
		name   string
		nodes  string // name, + controller, ! full, - down
		opener string
		attrs  wire.Attributes
		want   string
		code   wire.Code
	}{
		{"collocated", "a+ b+ p", "p", collocated, "p", wire.OK},
		{"payload first", "a+ b+ p q", "p", other, "p a b", wire.OK},
		{"payload first, three controllers", "a+ b+ c+ p", "p", other, "p a b", wire.OK},
		{"controller first", "a+ b+ c+ p", "b", other, "b a", wire.OK},
		{"the only controller", "a+ p", "a", other, "a", wire.OK},
		{"no controller", "p q", "p", other, "p", wire.OK},
		{"full backup", "a+! b+ p", "p", other, "p b", wire.OK},
		{"backup down", "a+- b+ p", "p", other, "p b", wire.OK},
		{"full opener", "a+ b+ p!", "p", other, "", wire.NoResources},
		{"full opener, collocated", "a+ p!", "p", collocated, "", wire.NoResources},
	} {
		k := founded()
		for _, s := range strings.Fields(c.nodes) {
			name := strings.TrimRight(s, "+!-")
			f := up(k, name, strings.Contains(s, "+"), 1)
			if strings.Contains(s, "!") {
				create(k, f, "filler-"+name, collocated)
			}
			if strings.Contains(s, "-") {
				k.Apply(&NodesDown{[]From{f}})
			}
		}
		r := create(k, From{c.opener, 1}, "new", c.attrs)
		got := ""
		if r.Config != nil {
			got = strings.Join(append(slices.Clone(r.Config.Config.InSync), r.Config.Config.Joining...), " ")
		}
		if got != c.want || r.Code != c.code {
			t.Errorf("%s: %q %v, want %q %v", c.name, got, r.Code, c.want, c.code)
		}
	}
}

func TestOpenLimits(t *testing.T) {
	k := founded()
	f := up(k, "n1", false, 3)
	attrs := wire.Attributes{CreationFlags: wire.FlagAllReplicas}
	for _, c := range []struct {
		name string
		code wire.Code
	}{
		{"", wire.InvalidParam},
		{strings.Repeat("x", wire.NameBytesMax+1), wire.TooBig},
		{strings.Repeat("x", wire.NameBytesMax), wire.OK},
		{"a", wire.OK}, {"b", wire.OK}, {"c", wire.NoResources}, {"b", wire.OK},
	} {
		if r := create(k, f, c.name, attrs); r.Code != c.code {
			t.Errorf("%.10q: %v %s, want %v", c.name, r.Code, r.Text, c.code)
		}
	}
	// A deleted checkpoint makes room.
	k.Apply(&Close{f, 2})
	if r := create(k, f, "c", attrs); r.Code != wire.OK {
		t.Errorf("after a close: %v", r.Code)
	}
}

func TestAttributesCompared(t *testing.T) {
	a := wire.Attributes{
		CreationFlags: 1, CheckpointSize: 100, RetentionDuration: 5, MaxSections: 2, MaxSectionSize: 50, MaxSectionIDSize: 8,
	}
	for name, change := range map[string]func(*wire.Attributes){
		"flags":        func(b *wire.Attributes) { b.CreationFlags = 2 },
		"size":         func(b *wire.Attributes) { b.CheckpointSize++ },
		"sections":     func(b *wire.Attributes) { b.MaxSections++ },
		"section size": func(b *wire.Attributes) { b.MaxSectionSize++ },
		"id size":      func(b *wire.Attributes) { b.MaxSectionIDSize++ },
		"retention":    func(b *wire.Attributes) { b.RetentionDuration++ },
	} {
		b := a
		change(&b)
		o := Open{DirectorOpenRequest: wire.DirectorOpenRequest{Attributes: b, CompareRetention: true}}
		if sameAttributes(&a, &o) {
			t.Errorf("%s not compared", name)
		}
		o.CompareRetention = false
		if same := sameAttributes(&a, &o); same != (name == "retention") {
			t.Errorf("%s without retention: same %v", name, same)
		}
	}
}

// TestCreationFlagsCompared: clCkpt* compares all bits, AIS only what they mean to it.
func TestCreationFlagsCompared(t *testing.T) {
	for _, c := range []struct {
		made, asked uint32
		whole, same bool
	}{
		{0x12, 0x12, true, true},
		{0x12, 0x02, true, false},
		{0x00, 0x02, true, false},
		{0x12, 0x02, false, true},
		{0x50, 0x02, false, true}, // no mode of update is asynchronous
		{0x07, 0x01, false, true}, // the first of several modes counts
		{0x06, 0x02, false, true},
		{0x06, 0x04, false, false},
		{0x2c, 0x0c, false, true},
		{0x2c, 0x04, false, false},
	} {
		a := wire.Attributes{CreationFlags: c.made}
		o := Open{DirectorOpenRequest: wire.DirectorOpenRequest{Attributes: wire.Attributes{CreationFlags: c.asked}, WholeFlags: c.whole}}
		if same := sameAttributes(&a, &o); same != c.same {
			t.Errorf("%#x opened with %#x, whole %v: same %v", c.made, c.asked, c.whole, same)
		}
	}
}

// TestPages walks full and partial lists that do not fit into one reply.
func TestPages(t *testing.T) {
	k := founded()
	f := up(k, "n1", false, 5000)
	const n = 1500 // of more than 300 bytes each
	for i := range n {
		create(k, f, fmt.Sprintf("%04d%s", i, strings.Repeat("x", 200)), wire.Attributes{CreationFlags: 1})
	}
	count := func(what string, configs []wire.Config, seen map[uint64]bool) {
		t.Helper()
		size := 0
		for _, c := range configs {
			if seen[c.Checkpoint] {
				t.Fatalf("%s: checkpoint %d twice", what, c.Checkpoint)
			}
			seen[c.Checkpoint] = true
			size += bytesOf(&c)
		}
		if size > replyBytesMax {
			t.Fatalf("%s: page of %d bytes", what, size)
		}
	}
	u := &NodeUp{From: f}
	for i := range uint64(n) {
		u.Replicas = append(u.Replicas, Announced{Checkpoint: i + 1, Open: true})
	}
	reg := k.Apply(u).Node
	seen := map[uint64]bool{}
	count("register", reg.Configs, seen)
	for more := reg.More; more; {
		r := k.Heartbeat("n1", wire.HeartbeatRequest{Since: reg.Version, After: uint64(len(seen))})
		if !r.Full {
			t.Fatal("a page of a full list is not marked")
		}
		count("full", r.Configs, seen)
		more = r.More
	}
	if len(seen) != n {
		t.Fatalf("full list of %d", len(seen))
	}
	seen = map[uint64]bool{}
	pages := 0
	for since, more := uint64(1), true; more; pages++ {
		r := k.Heartbeat("n1", wire.HeartbeatRequest{Since: since})
		if r.Full {
			t.Fatal("full list for changes that are known")
		}
		count("changes", r.Configs, seen)
		since, more = r.Version, r.More
	}
	if len(seen) != n-1 || pages < 2 {
		t.Fatalf("%d changes in %d pages", len(seen), pages)
	}
	seen = map[uint64]bool{}
	for l, more := (wire.ListRequest{}), true; more; {
		r := k.List(l)
		count("list", r.Checkpoints, seen)
		last := r.Checkpoints[len(r.Checkpoints)-1]
		l, more = wire.ListRequest{AfterName: last.Name, After: last.Checkpoint}, r.More
	}
	if len(seen) != n {
		t.Fatalf("list of %d", len(seen))
	}
}

func TestFeedBound(t *testing.T) {
	var f feed
	const n = 5 * changesKept
	for v := range uint64(n) {
		f.add(v+1, v, []string{"n1"})
		if len(f.changes) > 2*changesKept {
			t.Fatalf("%d changes kept", len(f.changes))
		}
	}
	if c, ok := f.since(n - changesKept); !ok || len(c) != changesKept || c[0].Checkpoint != n-changesKept {
		t.Errorf("the last %d changes: %v, %d", changesKept, ok, len(c))
	}
	if _, ok := f.since(f.first - 2); ok {
		t.Error("a forgotten change is known")
	}
	if c, ok := f.since(n); !ok || len(c) != 0 {
		t.Errorf("after the last change: %v, %d", ok, len(c))
	}
	if f.others(n-1, "n1") || !f.others(n-1, "n2") || f.others(n, "n2") {
		t.Error("others")
	}
}

func TestVersionsRefused(t *testing.T) {
	var v *VersionError
	entry, err := EncodeCommand(&Close{From{"n1", 1}, 2})
	if err != nil {
		t.Fatal(err)
	}
	entry[0] = 9
	if _, err := DecodeCommand(entry); !errors.As(err, &v) || err.Error() != "log entry has version 9, this release reads version 1" {
		t.Errorf("log entry: %v", err)
	}
	b, err := founded().Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	b[0] = 9
	if _, err := RestoreCore(b); !errors.As(err, &v) || err.Error() != "snapshot has version 9, this release reads version 1" {
		t.Errorf("snapshot: %v", err)
	}
}

func TestDamagedInput(t *testing.T) {
	k := founded()
	create(k, up(k, "n1", false, 0), "a", wire.Attributes{CreationFlags: 1})
	b, err := k.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if _, err := RestoreCore(b[:i]); err == nil {
			t.Errorf("a snapshot cut to %d of %d bytes is accepted", i, len(b))
		}
		for _, x := range []byte{0, 0xff, b[i] ^ 1} {
			d := bytes.Clone(b)
			d[i] = x
			if k, err := RestoreCore(d); err == nil { // what is accepted must at least be consistent
				if err := k.Check(); err != nil {
					t.Error(err)
				}
			}
		}
	}
	for _, entry := range [][]byte{nil, {1}, {1, 99}, {1, 5}, {1, 5, 0xc1}, {1, 2, 0xdd, 0xff, 0xff, 0xff, 0xff}} {
		if _, err := DecodeCommand(entry); err == nil {
			t.Errorf("log entry %v is accepted", entry)
		}
	}
}

// TestCheckNotices breaks each invariant by hand.
func TestCheckNotices(t *testing.T) {
	for name, do := range map[string]func(*Core, *checkpoint){
		"number":        func(k *Core, c *checkpoint) { k.next = 1 },
		"filed":         func(k *Core, c *checkpoint) { k.checkpoints[2] = c },
		"name":          func(k *Core, c *checkpoint) { delete(k.names, "a") },
		"empty name":    func(k *Core, c *checkpoint) { c.Config.Name = "" },
		"stray name":    func(k *Core, c *checkpoint) { k.names["b"] = c },
		"generation":    func(k *Core, c *checkpoint) { c.Config.Epoch.Generation = 8 },
		"in-sync":       func(k *Core, c *checkpoint) { c.Config.InSync = nil },
		"order":         func(k *Core, c *checkpoint) { c.Config.Open = []string{"n2", "n1"} },
		"active":        func(k *Core, c *checkpoint) { c.Config.Active = "" },
		"active node":   func(k *Core, c *checkpoint) { c.Config.Active = "n2" },
		"joining":       func(k *Core, c *checkpoint) { c.Config.Joining = []string{"n1"} },
		"openers":       func(k *Core, c *checkpoint) { c.Config.Open = nil },
		"retained":      func(k *Core, c *checkpoint) { c.Retained = true },
		"changed":       func(k *Core, c *checkpoint) { c.Changed = 99 },
		"unknown node":  func(k *Core, c *checkpoint) { c.Config.Open = []string{"zz"} },
		"replica count": func(k *Core, c *checkpoint) { k.nodes["n2"].replicas = 1 },
		"slot": func(k *Core, c *checkpoint) {
			k.unlinks[1] = &unlinkSession{Slots: map[uint16]unlinked{wire.SlotsPerSession: {}}}
		},
	} {
		k := founded()
		f := up(k, "n1", false, 0)
		up(k, "n2", false, 0)
		create(k, f, "a", wire.Attributes{CreationFlags: 1})
		if err := k.Check(); err != nil {
			t.Fatal(err)
		}
		do(k, k.checkpoints[1])
		if err := k.Check(); err == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}

// A node that is removed while the state is rebuilt is not taken for one that has announced its copy: it is waited for.
func TestRemovedWhileRebuilding(t *testing.T) {
	k := founded()
	k.Apply(&Rebuild{Cluster: [16]byte{9}, Generation: 5})
	a, b := up(k, "a", true, 10), up(k, "b", true, 10)
	copyOf := wire.ReplicaInfo{Open: true, Config: wire.Config{
		Checkpoint: 1 << 20, Name: "x", Epoch: wire.Epoch{Generation: 5, Counter: 1}, Active: "a", InSync: []string{"a", "b"},
		Open: []string{"a", "b"},
	}}
	announce := func(f From) Result {
		return k.Apply(&Announce{From: f, AnnounceRequest: wire.AnnounceRequest{Replicas: []wire.ReplicaInfo{copyOf}}})
	}
	announce(a)
	k.Apply(&NodesDown{[]From{a}})
	if r := k.Apply(&NodeRemove{Name: "a", AcceptLoss: true}); r.Code != wire.OK {
		t.Fatal(r.Text)
	}
	if r := announce(b); len(r.Restored) != 0 {
		t.Fatalf("restored %v without a", r.Restored)
	}
	if r := k.Apply(&Rebuild{Cluster: [16]byte{9}, Generation: 5, Waive: "a"}); !slices.Equal(r.Restored, []string{"x"}) {
		t.Fatalf("restored %v when a was given up", r.Restored)
	}
	if err := k.Check(); err != nil {
		t.Fatal(err)
	}
}

// An in-sync node that has lost its replica may have been alone with the latest updates: another copy is not restored until an
// operator gives that node up.
func TestReplicaLostWhileRebuilding(t *testing.T) {
	k := founded()
	k.Apply(&Rebuild{Cluster: [16]byte{9}, Generation: 5})
	a, b := up(k, "a", true, 10), up(k, "b", true, 10)
	copyOf := wire.ReplicaInfo{Open: true, Config: wire.Config{
		Checkpoint: 1 << 20, Name: "x", Epoch: wire.Epoch{Generation: 5, Counter: 1}, Active: "a", InSync: []string{"a", "b"},
		Open: []string{"a", "b"},
	}}
	lost := copyOf
	lost.Missing = true
	for _, held := range [][]wire.ReplicaInfo{{lost}, nil} {
		k.Apply(&NodeUp{From: a, Host: "a", Holder: a.Incarnation})
		k.Apply(&Announce{From: a, AnnounceRequest: wire.AnnounceRequest{Replicas: held}})
		r := k.Apply(&Announce{From: b, AnnounceRequest: wire.AnnounceRequest{Replicas: []wire.ReplicaInfo{copyOf}}})
		if len(r.Restored) != 0 {
			t.Fatalf("restored %v, although a has lost its replica", r.Restored)
		}
	}
	again := k.Apply(&Rebuild{Cluster: [16]byte{9}, Generation: 5})
	if w := again.Operator.Waiting; len(w) != 1 || !slices.Equal(w[0].Nodes, []string{"a"}) {
		t.Fatalf("waiting: %+v", w)
	}
	if r := k.Apply(&Rebuild{Cluster: [16]byte{9}, Generation: 5, Waive: "a"}); !slices.Equal(r.Restored, []string{"x"}) {
		t.Fatalf("restored %v when a was given up", r.Restored)
	}
}

// A node without a replica that has forgotten all but that a checkpoint is open there keeps it until it is restored.
func TestOpenWhileRebuilding(t *testing.T) {
	k := founded()
	k.Apply(&Rebuild{Cluster: [16]byte{9}, Generation: 5})
	const number = 1 << 20
	r := k.Apply(&NodeUp{From: From{"c", 1}, Host: "h", Replicas: []Announced{{Checkpoint: number, Open: true, Missing: true}}})
	if r.Node == nil || len(r.Node.Drop) != 0 || !slices.Equal(r.Node.Foreign, []uint64{number}) {
		t.Fatalf("%+v %s", r.Node, r.Text)
	}
	k.Apply(&RebuildEnd{})
	r = k.Apply(&NodeUp{From: From{"c", 2}, Host: "h", Holder: 1, Replicas: []Announced{{Checkpoint: number, Open: true, Missing: true}}})
	if r.Node == nil || !slices.Equal(r.Node.Drop, []uint64{number}) {
		t.Fatalf("after the rebuild: %+v %s", r.Node, r.Text)
	}
}

// A node's membership has a name that lasts until an operator removes it.
func TestMembership(t *testing.T) {
	k := founded()
	register := func(k *Core, incarnation uint64) wire.Epoch {
		t.Helper()
		r := k.Apply(&NodeUp{From: From{"n", incarnation}, Host: "h", Holder: k.Incarnation("n")})
		if r.Node == nil {
			t.Fatalf("not registered: %s", r.Text)
		}
		return r.Node.Member
	}
	up(k, "other", true, 10)
	first := register(k, 1)
	if first.Generation != k.Generation() || first.Counter == 0 {
		t.Fatalf("member %v of generation %d", first, k.Generation())
	}
	if again := register(k, 2); again != first {
		t.Errorf("after a restart member %v, was %v", again, first)
	}
	snapshot, err := k.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	restored, err := RestoreCore(snapshot)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Core{k, restored} {
		if again := register(k, 3); again != first {
			t.Errorf("member %v, was %v", again, first)
		}
		k.Apply(&NodesDown{[]From{{"n", 3}}})
		if r := k.Apply(&NodeRemove{Name: "n"}); r.Code != wire.OK {
			t.Fatal(r.Text)
		}
		if next := register(k, 4); next.Generation != first.Generation || next.Counter <= first.Counter {
			t.Errorf("after it was removed member %v, was %v", next, first)
		}
	}
}

// A node hears of a checkpoint that has left it although that was changed again and the changes come in several pages.
func TestPagesOfChanges(t *testing.T) {
	k := founded()
	a, b := up(k, "a", true, 10), up(k, "b", true, 10)
	collocated := wire.Attributes{CreationFlags: wire.FlagAllReplicas | wire.FlagCollocated}
	for _, name := range []string{"x", "y"} {
		create(k, a, name, collocated)
		create(k, b, name, collocated)
		number := k.names[name].Config.Checkpoint
		k.Apply(&ReplicaJoined{ReplicaChange{From: a, Checkpoint: number, Epoch: k.names[name].Config.Epoch, Version: k.Version(), Replica: "b", Linked: 1}})
		k.Apply(&Close{From: b, Checkpoint: number})
	}
	since := k.Version()
	k.Apply(&NodeLock{Name: "b", Lock: true}) // both leave b
	k.Apply(&Retention{From: a, Checkpoint: k.names["x"].Config.Checkpoint, Duration: 77})
	k.LimitPages(1)
	told := make(map[string]uint64)
	for more := true; more; {
		r := k.Heartbeat("b", wire.HeartbeatRequest{Since: since})
		for _, c := range r.Configs {
			told[c.Name] = c.Version
		}
		if r.More && r.Version <= since {
			t.Fatalf("after version %d comes a page up to %d", since, r.Version)
		}
		since, more = r.Version, r.More
	}
	for _, name := range []string{"x", "y"} {
		if want := k.names[name].Config.Version; told[name] != want {
			t.Errorf("told of %s in version %d, it is in %d", name, told[name], want)
		}
	}
}
