package replication

import (
	"math"
	"slices"

	"libckpt/internal/wire"
)

// Token names a request of this node's applications while it is under way: any number but 0 below 1<<63.
type Token uint64

// RequestKind says what a request is.
type RequestKind uint8

// Kinds of requests, each with the fields of Request it uses.
const (
	RequestUpdate      RequestKind = iota + 1 // Update
	RequestRead                               // Section, Payload: of one section
	RequestReadAll                            // Payload: of the whole checkpoint: lists, status, changes
	RequestSynchronize                        // answered when all in-sync replicas have what was applied before
	RequestExpire                             // Section, whose time has come; only on the active's own node
	RequestEndSession                         // Session: its results are not needed any more
)

// Request is what an application asks for. It travels between nodes (Token and Deadline do not matter there).
type Request struct {
	Kind     RequestKind
	Update   Update // Now is set by the active
	Section  []byte
	Payload  []byte // opaque: given back with EffectServe
	Session  uint64
	Token    Token
	Deadline int64 // monotonic ns: answered TIMEOUT or TRY_AGAIN then, unless earlier
	// Repeated: an earlier process of this node, or this one before a Cancel, may have begun it. Such a request is looked
	// for among the recorded results whatever else holds, and the core does not answer it with TRY_AGAIN.
	Repeated bool
}

// request is a Request under way, here or for another node.
type request struct {
	r    *Request
	done bool
	sent bool  // it may have been carried out
	at   *lead // that took it
	own  bool  // of the core itself: nobody waits for the answer

	// For another node:
	origin string
	toward uint64     // incarnation of that node's director
	epoch  wire.Epoch // of the Forward; of a request of this node: of the last one sent

	seq  uint64 // of the Forward; 0 = it was none
	last int64  // when it was last sent
	// answered: by the active, not given up.
	answered bool

	// A read at the active:
	token     Token
	have      bool // it has been carried out
	committed bool // and what it saw is committed
	verdict   Verdict
	payload   []byte
}

// Submit begins a request. It is answered by effects, perhaps at once, exactly once: by EffectAnswer, or EffectServe that
// is not Held. r and what it points to must not change any more.
//
// Codes of the core's own: TRY_AGAIN (it was not done and will not be: the deadline came before it was begun, or QueueMax
// requests wait), BAD_HANDLE (the checkpoint was deleted), TIMEOUT (the deadline came, it may have been done), NOT_EXIST (no replica is active), NO_RESOURCES.
func (c *Core) Submit(now, wall int64, r *Request) {
	c.now, c.ahead = now, wall-now
	if c.alone() {
		c.submitAlone(r)
		return
	}
	if c.gone {
		c.emit(Effect{Kind: EffectAnswer, Token: r.Token, Verdict: refuse(wire.BadHandle)})
		return
	}
	if len(c.requests) >= QueueMax {
		c.emit(Effect{Kind: EffectAnswer, Token: r.Token, Verdict: refuse(notDone(r.Repeated))})
		return
	}
	if len(c.order) > orderSlack+2*len(c.requests) {
		c.order = slices.DeleteFunc(c.order, func(q *request) bool { return q.done })
	}
	q := &request{r: r}
	c.requests[r.Token] = q
	c.order = append(c.order, q)
	c.due = min(c.due, r.Deadline)
	c.route(q)
	c.advance()
}

// alone reports whether this replica is the only one, and nothing is in the way of a request.
func (c *Core) alone() bool {
	l := c.lead
	return l != nil && len(l.links) == 0 && len(c.waits) == 0 && l.based && len(l.queue) == 0 && len(l.reads) == 0 &&
		len(c.tail) == 0
}

// submitAlone carries a request out at once.
func (c *Core) submitAlone(r *Request) {
	var v Verdict
	switch r.Kind {
	case RequestRead, RequestReadAll:
		c.emit(Effect{Kind: EffectServe, Token: r.Token, Payload: r.Payload})
		return
	case RequestUpdate, RequestExpire:
		v = c.decideAlone(c.store, r)
	case RequestEndSession:
		v = Verdict{Code: wire.OK}
		c.dropResults(r.Session)
		if err := c.store.DropSession(r.Session); err != nil {
			v.Code, v.Index = Failure(err)
		}
	case RequestSynchronize:
		v = Verdict{Code: wire.OK}
	default:
		v = refuse(wire.NotSupported)
	}
	if v.Apply != nil && v.Code == wire.OK {
		if err := c.store.Apply(v.Apply, false); err != nil {
			code, index := Failure(err)
			v = refuseAt(code, int(index))
		} else {
			c.committed = v.Apply.Number
			if c.results != nil && v.Apply.Result != nil {
				c.noteResult(v.Apply.Result)
			}
			if c.asynchronous() {
				c.recent = recent{}
			}
			c.emit(Effect{Kind: EffectEvents, Event: v.Event, Ops: v.Apply.Ops})
			if len(c.lead.openers) > 0 {
				c.tellOpeners(&v.Event, bodiesOf(v.Apply.Ops))
			}
		}
	}
	c.emit(Effect{Kind: EffectAnswer, Token: r.Token, Verdict: v})
}

// decideAlone says what an update of the only replica comes to. Without Apply it was carried out before.
func (c *Core) decideAlone(view View, r *Request) Verdict {
	if r.Kind == RequestExpire {
		return DecideExpired(&c.config, Here, view, r.Section, c.wall())
	}
	if r.Repeated {
		c.loadResults()
	}
	if e, ok := c.results[ResultKey{r.Update.Request.Session, r.Update.Request.Slot}]; ok {
		if answered, known := e.answer(r.Update.Request.Number); known {
			return answered
		}
	}
	u := r.Update
	u.Now = c.wall()
	v := Decide(&c.config, Here, view, &u)
	if v.Code == wire.OK {
		c.record(&v, &u)
	}
	return v
}

// Alone reports whether requests are carried out at once, because this replica is the only one.
func (c *Core) Alone() bool { return c.alone() }

// Foresee says what a RequestUpdate or RequestExpire would come to if the replica, the only one, were as a view shows. It
// changes nothing. Without Apply in the verdict it was carried out before.
func (c *Core) Foresee(now, wall int64, view View, r *Request) Verdict {
	c.now, c.ahead = now, wall-now
	return c.decideAlone(view, r)
}

// route takes a request to where it can be carried out.
func (c *Core) route(q *request) {
	switch {
	case !c.known:
	case c.lead != nil:
		c.take(q)
	case q.r.Kind == RequestExpire:
		c.answer(q, Verdict{Code: wire.TryAgain}, nil)
	case c.config.Active == "" && c.asynchronous() && (q.sent || q.r.Repeated) && q.r.changes():
		// It may have been carried out: the next active knows.
	case c.config.Active == "" && c.asynchronous():
		v := Verdict{Code: Nowhere.Refusal()}
		if q.r.Kind == RequestUpdate {
			v = Decide(&c.config, Nowhere, nil, &q.r.Update)
		}
		c.answer(q, v, nil)
	case c.config.Active == "" || c.config.Active == c.o.Node:
	case (q.r.Kind == RequestRead || q.r.Kind == RequestReadAll) && c.readHere(q.r):
		q.done = true
		c.forget(q)
	default:
		c.forward(q)
	}
}

// changes reports whether a request leaves a trace when it is carried out.
func (r *Request) changes() bool { return r.Kind == RequestUpdate || r.Kind == RequestEndSession }

// reroute takes all requests of this node to where the configuration now has them carried out.
func (c *Core) reroute() {
	c.dropServed()
	c.out.reset(c.config.Epoch)
	for _, q := range c.order {
		if !q.done {
			c.route(q)
		}
	}
}

// answer ends a request.
func (c *Core) answer(q *request, v Verdict, payload []byte) {
	if q.done {
		return
	}
	q.done = true
	if q.own {
		return
	}
	if q.origin != "" {
		c.answerForward(q, &v, payload)
		return
	}
	c.forget(q)
	c.emit(Effect{Kind: EffectAnswer, Token: q.r.Token, Verdict: v, Payload: payload})
}

// Cancel forgets a request; it is not answered. What has been done of it stays done.
func (c *Core) Cancel(t Token) {
	if q := c.requests[t]; q != nil {
		q.done = true
		c.forget(q)
	}
}

// expireRequests answers those whose time is over.
func (c *Core) expireRequests() {
	if c.now < c.due {
		return
	}
	c.due = math.MaxInt64
	for _, q := range c.order {
		switch {
		case q.done:
		case q.r.Deadline > c.now:
			c.due = min(c.due, q.r.Deadline)
		default:
			c.answer(q, refuse(notDone(q.sent || q.r.Repeated)), nil)
		}
	}
}

// notDone is the code for a request that is not gone on with.
func notDone(begun bool) wire.Code {
	if begun {
		return wire.Timeout
	}
	return wire.TryAgain
}
