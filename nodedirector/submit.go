package nodedirector

import (
	"time"

	"libckpt/internal/segment"
	"libckpt/internal/wire"
	"libckpt/nodedirector/replication"
)

// asker is who has given a request to a checkpoint's core.
type asker interface {
	// answered takes the answer, without any lock: called once. payload is what serve made on the node where a read was
	// carried out.
	answered(v *replication.Verdict, payload []byte)
	// served is called instead, with the lock held, for a read that is to be carried out on the replica here. It returns
	// what gives the answer, to be called without any lock.
	served() func()
}

// answerTo is the asker of a request that is no read.
type answerTo func(v *replication.Verdict)

func (f answerTo) answered(v *replication.Verdict, _ []byte) { f(v) }
func (f answerTo) served() func()                            { return func() {} }

// submitLocked gives a request to core; its answer may come at once, with unlock.
func (c *checkpoint) submitLocked(r *replication.Request, a asker) {
	c.submitAtLocked(time.Now().UnixNano(), r, a)
}

func (c *checkpoint) submitAtLocked(wall int64, r *replication.Request, a asker) {
	c.token++
	r.Token = c.token
	if c.asked == nil {
		c.asked = make(map[replication.Token]asker)
	}
	c.asked[r.Token] = a
	c.core.Submit(monotonic(), wall, r)
	c.performLocked()
}

// takeAsker gives the asker of a request that is over; nil: there is none.
func (c *checkpoint) takeAsker(t replication.Token) asker {
	a := c.asked[t]
	delete(c.asked, t)
	return a
}

// performLocked carries out what core wants, in its order.
func (c *checkpoint) performLocked() {
	for {
		effects := c.core.Effects()
		if len(effects) == 0 {
			break
		}
		var held []heldRead
		for i := range effects {
			e := &effects[i]
			if e.Kind == replication.EffectServe && e.Held {
				// Of the replica as it is now, but core must not be called before its effects are carried out.
				code, payload := c.servePayloadLocked(e.Payload)
				held = append(held, heldRead{e.Token, code, payload})
				continue
			}
			c.perform(e)
			effects[i] = replication.Effect{}
		}
		if held == nil {
			break
		}
		for _, h := range held {
			c.core.Served(monotonic(), h.token, replication.Verdict{Code: h.code}, h.payload)
		}
	}
	if !c.gone {
		c.alarm.set(c.core.Wake(), c.ring)
	}
}

// heldRead is a read that was carried out and whose answer core holds back.
type heldRead struct {
	token   replication.Token
	code    wire.Code
	payload []byte
}

func (c *checkpoint) perform(e *replication.Effect) {
	switch e.Kind {
	case replication.EffectSend:
		if f, ok := c.n.frameOf(e.To, c.id, e.Message, e.Bulk, e.Buffer); ok {
			c.frames = append(c.frames, f)
		}
	case replication.EffectAnswer:
		if a := c.takeAsker(e.Token); a != nil {
			v, payload := e.Verdict, e.Payload
			c.answers = append(c.answers, func() { a.answered(&v, payload) })
		}
	case replication.EffectServe:
		if a := c.takeAsker(e.Token); a != nil {
			c.answers = append(c.answers, a.served())
		}
	case replication.EffectState:
		if c.seg != nil {
			c.seg.SetState(e.State)
		}
	case replication.EffectDirector:
		c.n.askAbout(c, e)
	case replication.EffectEvents:
		c.tellLocked(e)
	case replication.EffectExpirations:
		c.watchLocked(e.Watch)
	case replication.EffectLost:
		c.n.log.Error("updates of an asynchronous checkpoint are lost: the active replica failed before others had them",
			"checkpoint", c.name, "updates", e.Count, "replica", e.Node)
	}
}

// tellLocked tells the sessions here of an update, once.
func (c *checkpoint) tellLocked(e *replication.Effect) {
	if e.Event.Update <= c.told {
		return
	}
	c.told = e.Event.Update
	if len(c.notified) == 0 && !c.askedElsewhereLocked() {
		c.forgetUpdatesLocked()
		return
	}
	if e.Event.Missed {
		c.history.clear()
	} else {
		c.history.add(e.Event)
		c.deleted.add(&e.Event)
	}
	c.n.sendEvents(c.notified, e)
}

// tick lets core do what is due.
func (c *checkpoint) tick() {
	c.mu.Lock()
	if !c.gone {
		c.core.Tick(monotonic())
		c.performLocked()
	}
	c.unlock()
}

// ring is called when the alarm goes off.
func (c *checkpoint) ring() {
	c.n.goDo(func() {
		c.mu.Lock()
		c.alarm.due = 0
		c.mu.Unlock()
		c.tick()
	})
}

// watchLocked begins, or ends, to remove sections whose time has come.
func (c *checkpoint) watchLocked(watch bool) {
	c.watching = watch
	c.n.expiry.removeAll(c.id)
	if !watch || c.seg == nil {
		return
	}
	c.seg.Sections(func(s segment.Section) bool {
		if s.Expiration != replication.Never {
			c.n.expiry.set(sectionKey{c.id, string(s.ID)}, s.Expiration)
		}
		return true
	})
}

// expire has a section removed whose time has come; if that fails, it is tried again. If by the time that it is decided the
// wall clock has been stepped back, the section expires later.
func (c *checkpoint) expire(id []byte, now int64) {
	c.mu.Lock()
	defer c.unlock()
	if c.gone || !c.watching {
		return
	}
	r := &replication.Request{Kind: replication.RequestExpire, Section: id, Deadline: monotonic() + int64(expireWaitMax)}
	done := func(v *replication.Verdict) {
		switch v.Code {
		case wire.OK, wire.BadHandle:
		case wire.NotExist:
			c.expireLater(id)
		default:
			c.n.expiry.again(sectionKey{c.id, string(id)}, now)
		}
	}
	if c.kept.throughLocked() {
		c.kept.enqueueLocked(&through{r: r, late: func() bool { return false }, done: done})
		return
	}
	c.submitLocked(r, answerTo(done))
}

// expireLater has the time of a section looked at again, if it is still there.
func (c *checkpoint) expireLater(id []byte) {
	c.mu.Lock()
	defer c.unlock()
	if c.gone || !c.watching || c.seg == nil {
		return
	}
	if s, exists := c.seg.Lookup(id); exists && s.Expiration != replication.Never {
		c.n.expiry.set(sectionKey{c.id, string(id)}, s.Expiration)
	}
}
