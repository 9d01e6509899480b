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
	kindNodesDown     commandKind = 3
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

func (*Found) kind() commandKind         { return kindFound }
func (*NodeUp) kind() commandKind        { return kindNodeUp }
func (*NodesDown) kind() commandKind     { return kindNodesDown }
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
	case kindNodesDown:
		return new(NodesDown)
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
