package director

import (
	"bytes"
	"fmt"

	"github.com/vmihailenco/msgpack/v5"

	"libckpt/internal/wire"
)

// entryVersion is the version of log entries that this release writes and the only one it reads.
const entryVersion = 1

// VersionError says that the directors' store was written by a release with another format.
type VersionError struct {
	What  string // "log entry" or "snapshot"
	Found byte
	Known byte
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s has version %d, this release reads version %d", e.What, e.Found, e.Known)
}

type commandKind byte

const (
	kindFound         commandKind = 1
	kindNodeUp        commandKind = 2
	kindNodeDown      commandKind = 3
	kindNodeForget    commandKind = 4
	kindOpen          commandKind = 5
	kindClose         commandKind = 6
	kindUnlink        commandKind = 7
	kindRetention     commandKind = 8
	kindRetentionOver commandKind = 9
	kindActive        commandKind = 10
	kindSessionEnded  commandKind = 11
	kindReplicaDrop   commandKind = 12
	kindReplicaJoined commandKind = 13
	kindReplicaLost   commandKind = 14
	kindReconsider    commandKind = 15
	kindNodeLock      commandKind = 16
	kindNodeRemove    commandKind = 17
	kindRebuild       commandKind = 18
	kindRebuildEnd    commandKind = 19
	kindAnnounce      commandKind = 20
	kindRecover       commandKind = 21
)

// Command is a change of the directors' state. Its types are those of this file.
type Command interface{ kind() commandKind }

// Found makes the store: the first command of every log. Later ones change nothing.
type Found struct {
	Cluster    [16]byte // random
	Generation uint64   // later stores have greater ones
	// First is the first checkpoint number. Stores made in different seconds use different numbers, so that a
	// replica or an open checkpoint left over from a lost store is never taken for another one.
	First uint64
}

// From is the node director that sent a request.
type From struct {
	Node        string
	Incarnation uint64
}

// NodeUp registers a node director.
type NodeUp struct {
	From
	Host        string
	BootID      string
	Controller  bool
	ReplicasMax uint32
	Replicas    []Announced
	// Holder is the incarnation that had the node's name when the leader took the request, and Fresh says that it
	// had been heard of within the node timeout.
	Holder uint64
	Fresh  bool
	// Cluster is the cluster id of the node's replicas; zero = none is known.
	Cluster [16]byte
}

// Announced is what a node director says of one checkpoint.
type Announced struct {
	Checkpoint uint64
	Generation uint64
	Open       bool
	Missing    bool   // no (complete) replica
	Counter    uint64 // of its epoch
}

// NodeDown marks a node whose director has been silent for the node timeout.
type NodeDown struct{ From }

// NodeForget closes what a node that is down has open.
type NodeForget struct{ From }

// Open opens or creates a checkpoint for a node.
type Open struct {
	From
	wire.DirectorOpenRequest
}

// Close says that a node has no openers of a checkpoint any more.
type Close struct {
	From
	Checkpoint uint64
}

// Unlink removes a name.
type Unlink struct {
	From
	wire.DirectorUnlinkRequest
}

// Retention sets a checkpoint's retention duration, in ns.
type Retention struct {
	From
	Checkpoint uint64
	Duration   int64
}

// RetentionOver deletes checkpoints whose retention has ended.
type RetentionOver struct{ Ended []Ended }

// Ended is a retention that is over. Guard is the one it began with: another one means that it was begun anew.
type Ended struct {
	Checkpoint uint64
	Guard      uint64
}

// Active makes a node's replica the active one.
type Active struct {
	From
	Checkpoint uint64
}

// SessionEnded forgets a session's unlink requests.
type SessionEnded struct {
	From
	Session uint64
}

// ReplicaChange is what the replica commands have in common.
type ReplicaChange struct {
	From       // who asks
	Checkpoint uint64
	Epoch      wire.Epoch // of the configuration it obeys
	Version    uint64     // of that configuration
	Replica    string     // the node whose replica it is about
	Linked     uint64     // incarnation of that node's director that the active is linked with
	Full       bool
}

// ReplicaDrop takes a replica out of the in-sync set because the active asks for it.
type ReplicaDrop struct{ ReplicaChange }

// ReplicaJoined takes one in.
type ReplicaJoined struct{ ReplicaChange }

// ReplicaLost says that the asking node has no complete replica any more.
type ReplicaLost struct{ ReplicaChange }

// Reconsider tries nodes again that had no room for a replica.
type Reconsider struct{}

// NodeLock puts a node outside the cluster, or takes it in again.
type NodeLock struct {
	Name string
	Lock bool
}

// NodeRemove forgets a node that is down.
type NodeRemove struct {
	Name       string
	AcceptLoss bool
}

// Rebuild begins to restore the checkpoints of a lost store, or gives a node up that is waited for.
type Rebuild struct {
	Cluster    [16]byte // of the lost store
	Generation uint64   // the greatest one known of it
	Waive      string   // "" = no node
}

// RebuildEnd ends that.
type RebuildEnd struct{}

// Announce gives what a node holds of the lost store.
type Announce struct {
	From
	wire.AnnounceRequest
}

// Recover makes a copy that is not in sync the only replica.
type Recover struct {
	Name       string
	Replica    string
	AcceptLoss bool
}

func (*Found) kind() commandKind         { return kindFound }
func (*NodeUp) kind() commandKind        { return kindNodeUp }
func (*NodeDown) kind() commandKind      { return kindNodeDown }
func (*NodeForget) kind() commandKind    { return kindNodeForget }
func (*Open) kind() commandKind          { return kindOpen }
func (*Close) kind() commandKind         { return kindClose }
func (*Unlink) kind() commandKind        { return kindUnlink }
func (*Retention) kind() commandKind     { return kindRetention }
func (*RetentionOver) kind() commandKind { return kindRetentionOver }
func (*Active) kind() commandKind        { return kindActive }
func (*SessionEnded) kind() commandKind  { return kindSessionEnded }
func (*ReplicaDrop) kind() commandKind   { return kindReplicaDrop }
func (*ReplicaJoined) kind() commandKind { return kindReplicaJoined }
func (*ReplicaLost) kind() commandKind   { return kindReplicaLost }
func (*Reconsider) kind() commandKind    { return kindReconsider }
func (*NodeLock) kind() commandKind      { return kindNodeLock }
func (*NodeRemove) kind() commandKind    { return kindNodeRemove }
func (*Rebuild) kind() commandKind       { return kindRebuild }
func (*RebuildEnd) kind() commandKind    { return kindRebuildEnd }
func (*Announce) kind() commandKind      { return kindAnnounce }
func (*Recover) kind() commandKind       { return kindRecover }

func newCommand(k commandKind) Command {
	switch k {
	case kindFound:
		return new(Found)
	case kindNodeUp:
		return new(NodeUp)
	case kindNodeDown:
		return new(NodeDown)
	case kindNodeForget:
		return new(NodeForget)
	case kindOpen:
		return new(Open)
	case kindClose:
		return new(Close)
	case kindUnlink:
		return new(Unlink)
	case kindRetention:
		return new(Retention)
	case kindRetentionOver:
		return new(RetentionOver)
	case kindActive:
		return new(Active)
	case kindSessionEnded:
		return new(SessionEnded)
	case kindReplicaDrop:
		return new(ReplicaDrop)
	case kindReplicaJoined:
		return new(ReplicaJoined)
	case kindReplicaLost:
		return new(ReplicaLost)
	case kindReconsider:
		return new(Reconsider)
	case kindNodeLock:
		return new(NodeLock)
	case kindNodeRemove:
		return new(NodeRemove)
	case kindRebuild:
		return new(Rebuild)
	case kindRebuildEnd:
		return new(RebuildEnd)
	case kindAnnounce:
		return new(Announce)
	case kindRecover:
		return new(Recover)
	}
	return nil
}

// EncodeCommand makes a log entry.
func EncodeCommand(c Command) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, 128))
	b.WriteByte(entryVersion)
	b.WriteByte(byte(c.kind()))
	if err := encode(b, c); err != nil {
		return nil, fmt.Errorf("encode command %d: %w", c.kind(), err)
	}
	return b.Bytes(), nil
}

// DecodeCommand reads a log entry. It returns a *VersionError for an entry of another release.
func DecodeCommand(entry []byte) (Command, error) {
	if len(entry) < 2 {
		return nil, fmt.Errorf("log entry of %d bytes", len(entry))
	}
	if entry[0] != entryVersion {
		return nil, &VersionError{"log entry", entry[0], entryVersion}
	}
	c := newCommand(commandKind(entry[1]))
	if c == nil {
		return nil, fmt.Errorf("log entry of unknown kind %d", entry[1])
	}
	if err := decode(entry[2:], c); err != nil {
		return nil, fmt.Errorf("log entry of kind %d: %w", entry[1], err)
	}
	return c, nil
}

// encode writes structs as arrays, so that a later release can append fields.
func encode(b *bytes.Buffer, v any) error {
	e := msgpack.GetEncoder()
	defer msgpack.PutEncoder(e)
	e.Reset(b)
	e.UseArrayEncodedStructs(true)
	e.UseCompactInts(true)
	return e.Encode(v)
}

func decode(b []byte, v any) error { return wire.Unmarshal(b, v) }
