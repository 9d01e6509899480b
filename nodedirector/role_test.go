package nodedirector

import (
	"testing"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

func TestRole(t *testing.T) {
	sync, async := wire.Attributes{CreationFlags: wire.FlagAllReplicas}, wire.Attributes{CreationFlags: wire.FlagActiveReplica}
	e := wire.Epoch{Generation: 1, Counter: 2}
	tests := []struct {
		name             string
		config           wire.Config
		update, read     replication.Place
		together         replication.Place
		replica, lease   bool // lease: readers need one
		readable, inSync bool
	}{
		{"alone", wire.Config{Attributes: sync, Active: "a", InSync: []string{"a"}}, replication.Here, replication.Here, replication.Here, true, false, true, true},
		{"no active", wire.Config{Attributes: async, InSync: []string{"a"}}, replication.Nowhere, replication.Nowhere, replication.Nowhere, true, false, false, true},
		{"active of two", wire.Config{Attributes: sync, Active: "a", InSync: []string{"a", "b"}}, replication.Here, replication.Here, replication.Elsewhere, true, true, true, true},
		{"second of two", wire.Config{Attributes: sync, Active: "b", InSync: []string{"a", "b"}}, replication.Elsewhere, replication.Here, replication.Elsewhere, true, true, true, true},
		{"second of two, asynchronous", wire.Config{Attributes: async, Active: "b", InSync: []string{"a", "b"}}, replication.Elsewhere, replication.Elsewhere, replication.Elsewhere, true, true, false, true},
		{"joining", wire.Config{Attributes: sync, Active: "b", InSync: []string{"b"}, Joining: []string{"a"}}, replication.Elsewhere, replication.Elsewhere, replication.Elsewhere, true, true, false, false},
		{"opener only", wire.Config{Attributes: sync, Active: "b", InSync: []string{"b"}, Open: []string{"a"}}, replication.Elsewhere, replication.Elsewhere, replication.Elsewhere, false, true, false, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := roleOf(&test.config, "a")
			s := r.state(e)
			if r.update != test.update || r.read != test.read || r.together() != test.together || r.replica != test.replica || r.inSync != test.inSync {
				t.Fatalf("%+v, together %d", r, r.together())
			}
			if s.Readable != test.readable || s.InSync != test.inSync || (s.LeaseDeadline != segment.NoLease) != test.lease || s.Epoch.Counter != 2 {
				t.Fatalf("%+v", s)
			}
		})
	}
}

func TestCreationFlagsAccepted(t *testing.T) {
	for _, test := range []struct {
		flags uint32
		whole bool
		want  wire.Code
	}{
		{1, false, wire.OK}, {0xc, false, wire.OK}, {0, false, wire.InvalidParam}, {3, false, wire.InvalidParam},
		{0x12, false, wire.InvalidParam}, {0, true, wire.OK}, {0x1ff, true, wire.OK},
	} {
		a := wire.Attributes{CreationFlags: test.flags, MaxSections: 1, MaxSectionSize: 1}
		if code := checkAttributes(&a, test.whole); code != test.want {
			t.Errorf("%#x, whole %v: %v", test.flags, test.whole, code)
		}
	}
	a := wire.Attributes{CreationFlags: 1, MaxSections: 1, CheckpointSize: 5}
	if checkAttributes(&a, true) != wire.OK || checkAttributes(&a, false) != wire.InvalidParam {
		t.Error("a size without a limit on sections")
	}
}
