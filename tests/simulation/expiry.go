package simulation

import (
	"maps"
	"slices"
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// expiring is the removal of a section whose time has come, by the node director of the active replica.
type expiring struct {
	k  *checkpoint
	id string
	o  *operated
	// applied: when the active begins a new epoch it carries the request out again, and finds nothing to do.
	applied bool
}

const (
	expiryRetry    = time.Second
	expiryDeadline = 3 * time.Second
)

// watch begins, or ends, to remove sections whose time has come.
func (k *checkpoint) watch(on bool) {
	k.watching, k.expirations = on, make(map[string]int64)
	if !on || k.segment == nil {
		return
	}
	k.segment.Sections(func(s segment.Section) bool {
		k.expires(string(s.ID), s.Expiration)
		return true
	})
	k.setExpiry()
}

// noteExpirations follows an update of the active replica.
func (k *checkpoint) noteExpirations(u *segment.Update) {
	if !k.watching {
		return
	}
	for i := range u.Ops {
		op := &u.Ops[i]
		for _, x := range k.d.expiring {
			if x.k == k && x.id == string(op.Section) && op.Kind == segment.OpDelete && u.Result == nil {
				x.applied = true // no application deleted it
			}
		}
		switch op.Kind {
		case segment.OpCreate, segment.OpSetExpiration:
			k.expires(string(op.Section), op.Expiration)
		case segment.OpDelete:
			delete(k.expirations, string(op.Section))
		}
	}
	k.setExpiry()
}

func (k *checkpoint) expires(id string, at int64) {
	if at == replication.Never {
		delete(k.expirations, id)
	} else {
		k.expirations[id] = at
	}
}

// setExpiry has the sections looked at when the first expires by the wall clock as it goes now.
func (k *checkpoint) setExpiry() {
	if len(k.expirations) == 0 {
		return
	}
	first := slices.Min(slices.Collect(maps.Values(k.expirations)))
	k.d.set(&k.expiryTimer, first-k.d.n.clock.wall, k.expireDue)
}

// expireDue removes the sections whose time has come.
func (k *checkpoint) expireDue() {
	d := k.d
	if d.checkpoints[k.id] != k || k.gone || d.w.closing {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(k.expirations)) {
		if at, watched := k.expirations[id]; k.watching && watched && at <= d.n.wall() {
			delete(k.expirations, id)
			k.expire(id)
		}
	}
	k.setExpiry()
}

func (k *checkpoint) expire(id string) {
	d := k.d
	o := d.w.history.expire(d.w, k, id)
	if o == nil {
		return
	}
	d.token++
	d.expiring[d.token] = &expiring{k: k, id: id, o: o}
	k.core.Submit(d.n.monotonic(), d.n.wall(), &replication.Request{
		Kind: replication.RequestExpire, Section: []byte(id), Token: d.token, Deadline: d.n.monotonic() + int64(expiryDeadline),
	})
	d.effects(k)
}

// expired takes the answer. A removal that was refused may have been made all the same, before the active moved.
func (d *nodeDirector) expired(x *expiring, code wire.Code) {
	k := x.k
	switch code {
	case wire.OK:
		d.w.stats.Expired++
		d.w.history.end(d.w, x.o, &reply{code: code}, true)
	case wire.NotExist:
		if x.applied {
			code = wire.OK
		}
		d.w.history.end(d.w, x.o, &reply{code: code}, true)
		if s, exists := k.lookup(x.id); exists && k.watching { // the wall clock was stepped back meanwhile
			k.expires(x.id, s.Expiration)
			k.setExpiry()
		}
	case wire.BadHandle:
	default:
		if _, again := k.expirations[x.id]; k.watching && !again {
			k.expirations[x.id] = d.n.wall() + int64(expiryRetry)
			k.setExpiry()
		}
	}
}

func (k *checkpoint) lookup(id string) (s segment.Section, exists bool) {
	if k.segment == nil {
		return s, false
	}
	return k.segment.Lookup([]byte(id))
}

// tell tells the applications here of an update, once.
func (k *checkpoint) tell(e *wire.Event) {
	if e.Update <= k.told {
		return
	}
	k.told = e.Update
	if len(e.Expired) > 0 {
		k.d.w.watch.expired(k, e)
	}
}
