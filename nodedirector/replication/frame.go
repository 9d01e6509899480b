package replication

import (
	"fmt"

	"libckpt/internal/wire"
)

// head of a frame that carries a message. Fields are only appended.
type head struct {
	Checkpoint uint64 // 0: the message is about two nodes
	Kind       Kind
}

// EncodeMessage makes the frame of a message about a checkpoint; checkpoint is 0 for a Beat. The frame ends with the data of
// a section, if the message has one; it is returned by itself, not copied.
func EncodeMessage(checkpoint uint64, m Message) (frame, data []byte, err error) {
	if it, ok := m.(*Item); ok && it.Section != nil {
		item, section := *it, *it.Section
		data, section.Data = section.Data, nil
		item.Section, m = &section, &item
	}
	frame, err = wire.Encode(wire.KindPeer, nil, &head{checkpoint, m.Kind()}, m)
	return frame, data, err
}

// DecodeMessage reads such a frame. What it returns keeps none of the frame's bytes, but for the data of a section, which is
// valid for as long as they are. Any content is harmless; the error is a *wire.FormatError,
// also for a frame of another version of the protocol, which it names.
func DecodeMessage(frame []byte) (checkpoint uint64, m Message, err error) {
	d, err := wire.NewDecoder(frame)
	if err != nil {
		return 0, nil, err
	}
	defer d.Release()
	if d.Kind != wire.KindPeer {
		return 0, nil, &wire.FormatError{Reason: fmt.Sprintf("kind %d between node directors", d.Kind)}
	}
	var h head
	if err := d.Value(&h); err != nil {
		return 0, nil, err
	}
	if m = NewMessage(h.Kind); m == nil {
		return 0, nil, &wire.FormatError{Reason: fmt.Sprintf("message of kind %d: it is of a later release", h.Kind)}
	}
	if (h.Kind == KindBeat) != (h.Checkpoint == 0) {
		return 0, nil, &wire.FormatError{Reason: fmt.Sprintf("message of kind %d about checkpoint %d", h.Kind, h.Checkpoint)}
	}
	if err := d.Value(m); err != nil {
		return 0, nil, err
	}
	if it, ok := m.(*Item); ok && it.Section != nil {
		if it.Section.Data = d.Data(); len(it.Section.Data) == 0 {
			it.Section.Data = nil
		}
	}
	return h.Checkpoint, m, nil
}
