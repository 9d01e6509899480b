package director

import "libckpt/internal/wire"

// unlinkSession remembers the last unlink request of each slot of a session: a request that comes twice must not
// remove a newer checkpoint of the same name. A slot holds one request at a time, so the last one is enough.
type unlinkSession struct {
	Node  string // of the session
	Slots map[uint16]unlinked
}

type unlinked struct {
	Number     uint64
	Code       wire.Code
	Checkpoint uint64 // with OK
}

// unlink removes a name at once. The checkpoint is deleted if nobody has it open, else with its last closing. Errors:
//
//	NOT_EXIST      unknown name
//	INVALID_PARAM  slot out of range
//	BAD_OPERATION  a later request of the slot has been carried out: nobody waits for this one
//	NO_RESOURCES   UnlinkSessionsMax
func (k *Core) unlink(n *node, u *Unlink) {
	id := u.Request
	s := k.unlinks[id.Session]
	if s == nil {
		if len(k.unlinks) >= UnlinkSessionsMax {
			k.refuse(wire.NoResources, "%d sessions have unlinked", UnlinkSessionsMax)
			return
		}
		s = &unlinkSession{Node: n.Name, Slots: map[uint16]unlinked{}}
	}
	done, repeated := s.Slots[id.Slot]
	switch {
	case id.Slot >= wire.SlotsPerSession:
		k.refuse(wire.InvalidParam, "slot %d", id.Slot)
		return
	case repeated && id.Number < done.Number:
		k.refuse(wire.BadOperation, "request %d of the slot has been carried out", done.Number)
		return
	case !repeated || id.Number > done.Number:
		done = unlinked{Number: id.Number, Code: wire.NotExist}
		if c := k.names[u.Name]; c != nil {
			done.Code, done.Checkpoint = wire.OK, c.Config.Checkpoint
			if c.Retained {
				k.remove(c)
			} else {
				delete(k.names, u.Name)
				k.change(c, func(f *wire.Config) { f.Unlinked = true })
			}
		}
		k.unlinks[id.Session] = s
		s.Slots[id.Slot] = done
	}
	if done.Code != wire.OK {
		k.refuse(done.Code, "no checkpoint of this name")
		return
	}
	if c := k.checkpoints[done.Checkpoint]; c != nil {
		k.configured(c, n, false)
	} else {
		k.gone(done.Checkpoint)
	}
}
