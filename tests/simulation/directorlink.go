package simulation

import (
	"slices"
	"time"

	"libckpt/director"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// directorLink is the node director's end of its dealings with the directors.
type directorLink struct {
	registered  bool
	registering bool
	underway    int // requests sent and neither answered nor given up
	version     uint64
	after       uint64 // of a full list being read
	first       uint64 // version of its first page
	listed      map[uint64]bool
	foreign     []uint64 // checkpoints of a lost directors' store
	former      uint64   // no version of theirs was greater
	asking      bool     // a heartbeat is under way
}

const (
	heartbeatEvery = 200 * time.Millisecond
	askTimeout     = 400 * time.Millisecond
	tickMin        = 50 * time.Microsecond // between two calls that a wake time asks for
)

// everyHeartbeat keeps the node registered and its configurations up to date.
func (d *nodeDirector) everyHeartbeat() {
	d.heartbeat()
	d.settle()
	d.later(heartbeatEvery, d.everyHeartbeat)
}

// ask sends the directors a request once. answer is called with their reply, or with nil if none came.
func (d *nodeDirector) ask(r *directorRequest, answer func(*directorReply)) {
	r.from = director.From{Node: d.n.name, Incarnation: d.incarnation}
	answered := false
	d.link.underway++
	done := func(reply *directorReply) {
		if answered {
			return
		}
		answered = true
		d.link.underway--
		answer(reply)
		if d.link.underway == 0 && !d.link.registered {
			d.heartbeat()
		}
	}
	w := d.w
	w.inOrder(d.n.name, directorsName, func() {
		w.directors.receive(r, func(reply *directorReply) {
			w.inOrder(directorsName, d.n.name, func() {
				if !d.dead {
					d.n.enter(func(*nodeDirector) { done(reply) })
				}
			})
		})
	})
	d.later(askTimeout, func() { done(nil) })
}

// request asks for a command until it is answered or its time is over: OK, the directors' refusal, TIMEOUT (it may have
// been carried out), or TRY_AGAIN (it was not).
func (d *nodeDirector) request(deadline int64, make func(director.From) director.Command, done func(wire.Code, *director.Result)) {
	sent := false
	var try func()
	try = func() {
		switch {
		case d.n.monotonic() >= deadline && sent:
			done(wire.Timeout, nil)
		case d.n.monotonic() >= deadline:
			done(wire.TryAgain, nil)
		case !d.link.registered:
			d.later(retryPause, try)
		default:
			sent = true
			d.ask(&directorRequest{command: make}, func(r *directorReply) {
				switch {
				case r == nil:
					d.later(retryPause, try)
				case r.result.Unknown:
					d.unknown()
					d.later(retryPause, try)
				default:
					done(r.result.Code, r.result)
				}
			})
		}
	}
	try()
}

const retryPause = 50 * time.Millisecond

func (d *nodeDirector) unknown() { d.link.registered = false }

// heartbeat asks for what has changed, or registers.
func (d *nodeDirector) heartbeat() {
	l := &d.link
	switch {
	case !l.registered:
		if l.underway == 0 {
			d.register()
		}
		return
	case l.asking:
		return
	}
	l.asking = true
	r := wire.HeartbeatRequest{Since: l.version, After: l.after}
	d.ask(&directorRequest{heartbeat: &r}, func(reply *directorReply) {
		l.asking = false
		switch {
		case reply == nil:
			return
		case reply.unknown:
			d.unknown()
			return
		}
		if reply.changes.Rebuild {
			d.announce()
		}
		d.changes(reply.generation, reply.changes)
	})
}

// changes obeys a page of changes, or of the full list.
func (d *nodeDirector) changes(generation uint64, r *wire.HeartbeatReply) {
	l := &d.link
	d.obeyAll(r.Configs, r.Drop)
	if !r.Full {
		l.version = r.Version
		if r.More {
			d.heartbeat()
			return
		}
		d.adopted(generation, l.version)
		return
	}
	if l.after == 0 {
		l.first, l.listed = r.Version, make(map[uint64]bool)
	}
	for i := range r.Configs {
		l.listed[r.Configs[i].Checkpoint] = true
		l.after = max(l.after, r.Configs[i].Checkpoint)
	}
	if r.More && len(r.Configs) > 0 {
		d.heartbeat()
		return
	}
	d.dropUnlisted(generation, l.first)
	l.version, l.after, l.listed = l.first, 0, nil
	d.adopted(generation, l.version)
}

// obeyAll obeys configurations that came together.
func (d *nodeDirector) obeyAll(configs []wire.Config, drop []uint64) {
	for i := range configs {
		d.pairs.Learned(replication.VersionOf(&configs[i]))
	}
	for _, id := range drop {
		d.drop(id)
	}
	for i := range configs {
		d.obey(&configs[i], false)
	}
}

// adopted says that all configurations of a generation up to a version are obeyed.
func (d *nodeDirector) adopted(generation, version uint64) {
	if d.pairs.Adopted(replication.StateVersion{Generation: generation, Version: version}) && !d.unkept() {
		if d.n.tear == 1 {
			d.n.w.stats.Torn++
			d.n.adopted = nil // a record that was cut off has no effect
			panic(crashed{d.n})
		}
		d.n.adopted = d.pairs.AdoptedVersions()
		d.n.step()
	}
	for _, id := range d.numbers() {
		if k := d.checkpoints[id]; k != nil {
			k.core.Tick(d.n.monotonic())
			d.effects(k)
		}
	}
}

// unkept reports whether the next process would not know of a configuration that was obeyed.
func (d *nodeDirector) unkept() bool {
	for _, k := range d.checkpoints {
		if !k.gone && k.core.Unkept() {
			return true
		}
	}
	return false
}

// register announces what the node has. No other request is under way meanwhile.
func (d *nodeDirector) register() {
	l := &d.link
	if l.registering {
		return
	}
	l.registering = true
	n := d.n
	r := registration{controller: n.controller, boot: n.boot, cluster: n.cluster}
	for _, id := range d.numbers() {
		k := d.checkpoints[id]
		if k.gone || k.segment == nil && len(k.opens) == 0 {
			continue
		}
		r.replicas = append(r.replicas, director.Announced{
			Checkpoint: id, Generation: k.config.Epoch.Generation, Counter: k.config.Epoch.Counter,
			Open: len(k.opens) > 0, Missing: k.segment == nil || !k.complete(),
		})
	}
	d.ask(&directorRequest{register: &r}, func(reply *directorReply) {
		l.registering = false
		switch {
		case reply == nil:
			return
		case reply.result.Code != wire.OK:
			d.w.tracef("%s: registration refused: %s", n.name, reply.result.Text)
			return
		}
		answer := reply.result.Node
		if n.cluster == [16]byte{} {
			n.cluster = answer.Cluster
		}
		d.w.tracef("%s registered, version %d, drop %v", n.name, answer.Version, answer.Drop)
		l.registering, l.after, l.version, l.listed = true, 0, 0, make(map[uint64]bool)
		d.obeyAll(answer.Configs, answer.Drop)
		d.restOfList(reply.generation, answer, answer.Configs, answer.More)
	})
}

// restOfList reads the further pages of a registration's list. The node is registered with the last of them.
func (d *nodeDirector) restOfList(generation uint64, answer *wire.RegisterReply, page []wire.Config, more bool) {
	l := &d.link
	for i := range page {
		l.listed[page[i].Checkpoint] = true
		l.after = max(l.after, page[i].Checkpoint)
	}
	if more && len(page) > 0 {
		d.ask(&directorRequest{heartbeat: &wire.HeartbeatRequest{Since: answer.Version, After: l.after}}, func(r *directorReply) {
			if r == nil || r.unknown {
				l.registering, l.after = false, 0
				return
			}
			d.w.stats.Pages++
			d.obeyAll(r.changes.Configs, nil)
			d.restOfList(generation, answer, r.changes.Configs, r.changes.More)
		})
		return
	}
	if answer.More {
		d.dropUnlisted(generation, answer.Version)
	}
	l.registering, l.registered, l.after, l.listed, l.version = false, true, 0, nil, answer.Version
	l.foreign, l.former = answer.Foreign, 0
	for _, id := range l.foreign {
		if k := d.checkpoints[id]; k != nil {
			l.former = max(l.former, k.config.Version)
		}
	}
	d.adopted(generation, answer.Version)
	d.settle()
	d.heartbeat()
}

// dropUnlisted deletes what a complete list, as of a version, does not hold. What is of a former generation of the
// directors' store may still be restored.
func (d *nodeDirector) dropUnlisted(generation, version uint64) {
	for _, id := range d.numbers() {
		k := d.checkpoints[id]
		if k != nil && k.known && !d.link.listed[id] && k.config.Version <= version && k.config.Epoch.Generation >= generation {
			d.drop(id)
		}
	}
}

// settle makes the directors count this node among those that have a checkpoint open exactly if it has.
func (d *nodeDirector) settle() {
	if !d.link.registered {
		return
	}
	for _, id := range d.numbers() {
		d.forget(d.checkpoints[id])
	}
	for _, id := range d.numbers() {
		k := d.checkpoints[id]
		if k == nil || k.gone || d.names[k.name] {
			continue
		}
		// The directors have restored a checkpoint of their lost store without this node, if they do not name it.
		foreign := slices.Contains(d.link.foreign, id) && k.config.Version <= d.link.former
		counted := k.known && slices.Contains(k.config.Open, d.n.name) && !foreign
		open := len(k.opens) > 0
		if counted == open {
			continue
		}
		d.names[k.name] = true
		deadline := d.n.monotonic() + int64(askTimeout)
		d.request(deadline, func(from director.From) director.Command {
			if open {
				return &director.Open{From: from, DirectorOpenRequest: wire.DirectorOpenRequest{Name: k.name, Restore: k.id}}
			}
			return &director.Close{From: from, Checkpoint: k.id}
		}, func(code wire.Code, r *director.Result) {
			delete(d.names, k.name)
			if code == wire.NotExist && !foreign {
				d.drop(k.id)
			}
			d.follow(r)
			d.forget(k)
		})
	}
}

// follow obeys the configuration in an answer.
func (d *nodeDirector) follow(r *director.Result) {
	if r == nil || r.Config == nil {
		return
	}
	if r.Config.Gone {
		d.drop(r.Config.Config.Checkpoint)
		return
	}
	if k := d.checkpoints[r.Config.Config.Checkpoint]; k != nil && k.gone {
		return
	}
	config := r.Config.Config
	d.obey(&config, r.Config.Created || r.Config.Fresh)
}

// askFor carries a core's wish to the directors. It asks again by itself.
func (d *nodeDirector) askFor(k *checkpoint, e *replication.Effect) {
	d.w.tracef("%s asks about %d: %d %s", d.n.name, k.id, e.Ask, e.Node)
	if !d.link.registered {
		d.heartbeat()
		return
	}
	if e.Ask == replication.AskRefresh {
		d.heartbeat()
		return
	}
	change := director.ReplicaChange{
		Checkpoint: k.id, Epoch: e.Epoch, Version: e.Version, Replica: e.Node, Linked: e.Incarnation, Full: e.Full,
	}
	make := func(from director.From) director.Command {
		change := change
		change.From = from
		switch e.Ask {
		case replication.AskDrop:
			return &director.ReplicaDrop{ReplicaChange: change}
		case replication.AskJoined:
			return &director.ReplicaJoined{ReplicaChange: change}
		}
		return &director.ReplicaLost{ReplicaChange: change}
	}
	d.ask(&directorRequest{command: make}, func(r *directorReply) {
		switch {
		case r == nil:
		case r.result.Unknown:
			d.unknown()
		default:
			d.follow(r.result)
		}
	})
}

// announce gives directors that lost their store the configurations they ask for.
func (d *nodeDirector) announce() {
	var r wire.AnnounceRequest
	for _, id := range d.link.foreign {
		k := d.checkpoints[id]
		if k == nil || !k.known {
			continue
		}
		r.Replicas = append(r.Replicas, wire.ReplicaInfo{
			Config: k.config, Open: len(k.opens) > 0, Missing: k.segment == nil || !k.complete(),
		})
	}
	d.ask(&directorRequest{command: func(from director.From) director.Command {
		return &director.Announce{From: from, AnnounceRequest: r}
	}}, func(reply *directorReply) {
		if reply != nil && reply.result.Unknown {
			d.unknown()
		}
	})
}
