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
