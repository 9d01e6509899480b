package director

import (
	"fmt"
	"maps"
	"slices"

	"libckpt/internal/wire"
)

// Core is the directors' state. It is not safe for concurrent use. The zero value is the state before Found.
//
// Configurations it hands out share their slices with the state, which replaces slices and never changes them in place.
type Core struct {
	cluster     [16]byte
	store       [16]byte // cluster as the store was made with: tells stores apart
	generation  uint64   // 0 = not founded
	memberships uint64   // memberships given to nodes so far
	next        uint64   // number of the next checkpoint
	version     uint64   // of the configurations: counts every change of one
	checkpoints map[uint64]*checkpoint
	names       map[string]*checkpoint // those not unlinked
	nodes       map[string]*node
	unlinks     map[uint64]*unlinkSession // by session
	rebuild     *rebuild                  // nil: this store is no successor of a lost one
	feed        feed

	order []*node // by name; nil = to be made again: follows from nodes
	skips int     // checkpoints with Skip: follows from them

	result *Result // of the command being applied
}

type checkpoint struct {
	Config  wire.Config
	Changed uint64 // version of the last change, unique
	// FreshNode is the node, and FreshIncarnation its director's incarnation, that alone has ever held data.
	FreshNode        string
	FreshIncarnation uint64
	Retained         bool   // nobody has it open, its retention runs. Retained = (Open is empty)
	Guard            uint64 // raised when a retention begins or its duration changes
	// Began: there has been an active replica. Until then nothing has been written and any replica is as good as another.
	Began   bool
	Creator string   // node that made it
	Want    uint8    // replicas of a non-collocated checkpoint
	Since   []since  // of the in-sync and joining replicas, by node
	Stale   []string // nodes that joined or are to join with a copy of former updates: Recover can choose them
	Skip    []string // nodes that had no room; Reconsider tries them again
}

type node struct {
	Name        string
	Incarnation uint64
	Host        string
	BootID      string
	Controller  bool
	ReplicasMax uint32
	Up          bool
	Locked      bool   // outside the cluster: holds no replica that another node can hold
	Membership  uint64 // number drawn when the node became known; 0 = by an earlier release

	replicas int // in-sync and joining ones: follows from the configurations
}

// Result is what a command came to.
type Result struct {
	Code    wire.Code
	Text    string // one line, with a refusal
	Unknown bool   // the node director has to register
	Config  *wire.ConfigReply
	Node    *wire.RegisterReply
	// Retentions that began, changed or were called off, in this order.
	Retentions []RetentionChange
	Lost       []Lost
	Restored   []string // names of checkpoints of a lost store that live again
	Operator   *wire.OperatorReply
	// Others: configurations changed that concern other nodes than the one that asked.
	Others bool
}

// RetentionChange says what a leader's clock has to do. A retention that was running and still runs keeps its
// beginning.
type RetentionChange struct {
	Checkpoint uint64
	Running    bool
	Guard      uint64
	Duration   int64 // ns; math.MaxInt64 (SA_TIME_END) is 292 years and so does not end
}

// Lost is a checkpoint deleted because the node with its only replica does not have it any more.
type Lost struct {
	Checkpoint uint64
	Name       string
	Node       string
}

// NewCore makes the state before Found.
func NewCore() *Core {
	return &Core{
		checkpoints: map[uint64]*checkpoint{},
		names:       map[string]*checkpoint{},
		nodes:       map[string]*node{},
		unlinks:     map[uint64]*unlinkSession{},
	}
}

// Founded reports whether the store has been made.
func (k *Core) Founded() bool { return k.generation != 0 }

// Generation is the one of the store.
func (k *Core) Generation() uint64 { return k.generation }

// Version counts the changes of configurations.
func (k *Core) Version() uint64 { return k.version }

func (k *Core) found(f *Found) {
	if k.Founded() {
		return
	}
	if f.Generation == 0 || f.First == 0 {
		panic("a store without a generation or a first checkpoint number")
	}
	k.cluster, k.store, k.generation, k.next = f.Cluster, f.Cluster, f.Generation, f.First
}

// Registered reports whether the node director is the one registered under its name, and up.
func (k *Core) Registered(f From) bool {
	n := k.nodes[f.Node]
	return n != nil && n.Up && n.Incarnation == f.Incarnation
}

// Incarnation is the one last registered for a node; 0 = none.
func (k *Core) Incarnation(name string) uint64 {
	if n := k.nodes[name]; n != nil {
		return n.Incarnation
	}
	return 0
}

func (k *Core) refuse(code wire.Code, format string, args ...any) {
	k.result.Code, k.result.Text = code, fmt.Sprintf(format, args...)
}

// configured answers with a checkpoint's configuration.
func (k *Core) configured(c *checkpoint, n *node, created bool) {
	k.result.Config = &wire.ConfigReply{
		Config:  c.Config,
		Created: created,
		Fresh:   n != nil && c.FreshNode == n.Name && c.FreshIncarnation == n.Incarnation,
	}
}

// gone answers that the checkpoint does not exist any more.
func (k *Core) gone(number uint64) {
	k.result.Config = &wire.ConfigReply{Config: wire.Config{Checkpoint: number}, Gone: true}
}

// change changes a configuration and tells the nodes that it concerned before or concerns now.
func (k *Core) change(c *checkpoint, do func(*wire.Config)) {
	before := concerned(&c.Config)
	k.count(&c.Config, -1)
	do(&c.Config)
	k.count(&c.Config, +1)
	k.version++
	c.Changed, c.Config.Version = k.version, k.version
	c.Began = c.Began || c.Config.Active != ""
	c.follow()
	k.feed.add(k.version, c.Config.Checkpoint, union(before, concerned(&c.Config)))
	k.assert(c)
}

// remove deletes a checkpoint.
func (k *Core) remove(c *checkpoint) {
	if k.names[c.Config.Name] == c {
		delete(k.names, c.Config.Name)
	}
	if c.Retained {
		k.retentionChanged(c, false)
	}
	k.skip(c, nil)
	delete(k.checkpoints, c.Config.Checkpoint)
	k.count(&c.Config, -1)
	k.version++
	k.feed.add(k.version, c.Config.Checkpoint, concerned(&c.Config))
}

// count keeps the nodes' numbers of replicas.
func (k *Core) count(c *wire.Config, by int) {
	for _, m := range [][]string{c.InSync, c.Joining} {
		for _, name := range m {
			k.nodes[name].replicas += by
		}
	}
}

// retentionChanged tells the leader's clock.
func (k *Core) retentionChanged(c *checkpoint, running bool) {
	k.result.Retentions = append(k.result.Retentions, RetentionChange{
		Checkpoint: c.Config.Checkpoint, Running: running, Guard: c.Guard,
		Duration: c.Config.Attributes.RetentionDuration,
	})
}

// Retentions lists those running, by checkpoint number: what the clock of a new leader begins with.
func (k *Core) Retentions() []RetentionChange {
	k.result = &Result{}
	for _, c := range k.inOrder() {
		if c.Retained {
			k.retentionChanged(c, true)
		}
	}
	return k.result.Retentions
}

// NodeState is a node as the leader's clock sees it.
type NodeState struct {
	From
	Up bool
}

// Nodes lists all nodes by name.
func (k *Core) Nodes() []NodeState {
	s := make([]NodeState, 0, len(k.nodes))
	for _, name := range slices.Sorted(maps.Keys(k.nodes)) {
		n := k.nodes[name]
		s = append(s, NodeState{From{n.Name, n.Incarnation}, n.Up})
	}
	return s
}

// inOrder lists the checkpoints by number.
func (k *Core) inOrder() []*checkpoint {
	s := make([]*checkpoint, 0, len(k.checkpoints))
	for _, number := range slices.Sorted(maps.Keys(k.checkpoints)) {
		s = append(s, k.checkpoints[number])
	}
	return s
}
